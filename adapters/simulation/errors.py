"""Errors of a simulation's input: the scenario itself, or the market data it names."""

from typing import ClassVar

from domain.kernel.errors import ErrorCode


class SimulationError(Exception):
    """Base: one line for the person at the terminal, with a stable code and the exit status of the command."""

    code: ClassVar[ErrorCode]
    exit_status: ClassVar[int]


class ScenarioError(SimulationError):
    """The scenario file cannot be read or is invalid; the message names the place."""

    code = ErrorCode.BAD_USER_INPUT
    exit_status = 2


class MarketDataError(SimulationError):
    """A market data file is of another kind, has an invalid line, or lacks the requested data."""

    code = ErrorCode.BAD_USER_INPUT
    exit_status = 2


class MarketDataMissing(MarketDataError):
    """The market data file is missing or cannot be opened."""

    code = ErrorCode.NOT_FOUND
    exit_status = 3
