"""What can be wrong with a simulation's input: the scenario itself, or the market data it names."""

from typing import ClassVar

from domain.kernel.errors import ErrorCode


class SimulationError(Exception):
    """Base: one line for the person at the terminal, with a stable code and the exit status of the command."""

    code: ClassVar[ErrorCode]
    exit_status: ClassVar[int]


class ScenarioError(SimulationError):
    """The scenario file cannot be read or says something that makes no sense; the message tells where."""

    code = ErrorCode.BAD_USER_INPUT
    exit_status = 2


class MarketDataError(SimulationError):
    """A market data file is not of its kind, says what cannot be, or has nothing of what is asked for."""

    code = ErrorCode.BAD_USER_INPUT
    exit_status = 2


class MarketDataMissing(MarketDataError):
    """There is no such market data file, or it cannot be opened."""

    code = ErrorCode.NOT_FOUND
    exit_status = 3
