"""Running an order scenario: actions and ticks in the order of time, through the paper exchange itself."""

import heapq
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

from adapters.simulation.actions import Action, Cancel, CancelMany, Modify, PlaceAction
from adapters.simulation.market_files import read_ticks
from adapters.simulation.scenario import OrderScenario
from domain.accounts.fees import execution_fee, execution_tax
from domain.kernel.numbers import ZERO, plain, total
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import Instrument, QuoteTick, Tick
from domain.orders.exchange import Exchange, ExecutionReport, Filled, OrderState, Replaced, evolve
from domain.orders.model.types import Liquidity, OrderStatus, Side

FEE_QUANTUM = Decimal("0.00000001")


def run_orders(scenario: OrderScenario, market_dir: Path) -> dict[str, Any]:
    """The result of a scenario: every order with its executions, and the position they make."""
    run = _Run(scenario.instrument)
    ticks = _ticks(scenario, market_dir)
    tick = next(ticks, None)
    for action in scenario.actions:
        # An action sees the last event before it; an event of the same time comes after it.
        while tick is not None and tick.at < action.at:
            run.see(tick)
            tick = next(ticks, None)
        run.act(action)
    while tick is not None and run.is_working:
        run.see(tick)
        tick = next(ticks, None)
    return run.result()


def _ticks(scenario: OrderScenario, market_dir: Path) -> Iterator[Tick]:
    streams = [read_ticks(market_dir, source, scenario.instrument) for source in scenario.data]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=attrgetter("at"))


class _Run:
    """One exchange and the reports about each order."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._exchange = Exchange(instrument.tick_size)
        self._states: dict[str, OrderState] = {}
        self._executions: dict[str, list[dict[str, str]]] = {}
        self._strategies: dict[str, str | None] = {}
        self._versions: dict[str, int] = {}
        self._fees: dict[str, Decimal] = {}

    @property
    def is_working(self) -> bool:
        """True if further ticks could change anything."""
        return len(self._exchange) > 0

    def see(self, tick: Tick) -> None:
        """Process a market event."""
        reports = self._exchange.on_quote(tick) if isinstance(tick, QuoteTick) else self._exchange.on_tick(tick)
        if reports:
            self._note(reports)

    def act(self, action: Action) -> None:
        """Do an action; one that comes too late, or that the exchange refuses, changes nothing."""
        match action:
            case PlaceAction():
                self._place(action)
            case Cancel():
                self._note(self._exchange.cancel(action.order_id, action.at))
            case CancelMany():
                self._cancel_many(action)
            case Modify():
                version = self._versions[action.order_id]
                if action.expected_version is None or action.expected_version == version:
                    self._note(self._exchange.replace(action.order_id, action.changes, action.at))

    def _place(self, action: PlaceAction) -> None:
        for order, strategy in zip(action.orders, action.strategies, strict=True):
            name = str(order.id)
            self._states[name] = OrderState(order=order, status=OrderStatus.PENDING_NEW)
            self._executions[name] = []
            self._strategies[name] = strategy
            self._versions[name] = 1
        self._note(self._exchange.submit_group(action.orders, action.at))

    def _cancel_many(self, action: CancelMany) -> None:
        for state in self._exchange.open_orders():
            order = state.order
            fits = (
                action.account in (None, order.account)
                and action.side in (None, order.side)
                and action.strategy in (None, self._strategies[str(order.id)])
            )
            # An earlier one of them may have taken this one along.
            if fits and self._exchange.order(order.id) is not None:
                self._note(self._exchange.cancel(order.id, action.at))

    def _note(self, reports: list[ExecutionReport]) -> None:
        for report in reports:
            name = str(report.order_id)
            self._states[name] = evolve(self._states[name], report)
            if isinstance(report, Filled):
                self._executions[name].append(self._execution(report, self._states[name].order.side))
            elif isinstance(report, Replaced):
                self._versions[name] += 1

    def _execution(self, fill: Filled, side: Side) -> dict[str, str]:
        is_maker = fill.liquidity is Liquidity.MAKER
        own = execution_fee(self._instrument, quantity=fill.quantity, price=fill.price, maker=is_maker)
        fee = self._charge(str(fill.order_id), own.quantize(FEE_QUANTUM, rounding=ROUND_HALF_EVEN))
        row = {
            "at": nine_digits(fill.at),
            "price": plain(fill.price),
            "quantity": plain(fill.quantity),
            "liquidity": fill.liquidity.value,
            "fee": plain(fee),
        }
        tax = execution_tax(self._instrument, quantity=fill.quantity, price=fill.price, sells=side is Side.SELL)
        if tax:
            row["tax"] = plain(tax.quantize(FEE_QUANTUM, rounding=ROUND_HALF_EVEN))
        return row

    def _charge(self, name: str, fee: Decimal) -> Decimal:
        """The addition of a fill's fee to its order's, which is at least the minimum."""
        before = self._fees.get(name)
        self._fees[name] = (before or ZERO) + fee
        return self._whole_fee(self._fees[name]) - (ZERO if before is None else self._whole_fee(before))

    def _whole_fee(self, fee: Decimal) -> Decimal:
        minimum = self._instrument.fees.minimum
        return max(minimum, fee) if minimum else fee

    def result(self) -> dict[str, Any]:
        """The result of the run."""
        orders = {
            name: {
                "status": state.status.value,
                "quantity": plain(state.order.quantity),
                "filledQuantity": plain(state.filled_quantity),
                "executions": self._executions[name],
            }
            for name, state in self._states.items()
        }
        position = total(
            state.filled_quantity * state.order.side.sign for state in self._states.values() if state.fills
        )
        return {"orders": orders, "position": {"quantity": plain(position or ZERO)}}


def nine_digits(at: int) -> str:
    """A time in UTC with nine fractional digits."""
    seconds, fraction = divmod(at, NANOS_PER_SECOND)
    whole = Nanos(seconds * NANOS_PER_SECOND).isoformat()
    return f"{whole[:-1]}.{fraction:09d}Z"
