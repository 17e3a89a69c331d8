"""The paper exchange of one instrument: a trigger book whose orders trade against the current market.

No clock, no input or output, no chance: the same calls give the same reports. Several accounts share one exchange;
paper fills do not consume from each other, because each order sees the size that the market shows.

Every change is reported. ``snapshot`` and ``restored`` carry the whole state over a restart, without a report.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

from domain.market.types import Instrument
from domain.orders.exchange.book.market import ExchangeMarket, ExchangeMarketState
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.holdings import Holding, Holdings
from domain.orders.exchange.trailing import TickGrid
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.triggers.matching import Matching
from domain.orders.exchange.triggers.trading import MarketTrading
from domain.orders.exchange.triggers.trigger_book import TriggerBook
from domain.orders.exchange.types import OrderState
from domain.orders.model.types import OrderStatus

RESTORABLE = frozenset({OrderStatus.HELD, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeState:
    """The whole state of an exchange: open orders, the market and the positions of accounts."""

    orders: tuple[OrderState, ...]
    market: ExchangeMarketState
    holdings: tuple[tuple[Hashable, Holding], ...]
    sequence: int


class Exchange(TriggerBook):
    """The exchange of one instrument with ticks of ``tick_size``."""

    __slots__ = ()

    def __init__(self, tick_size: Decimal, *, market: ExchangeMarketState | None = None) -> None:
        state = BookState(ExchangeMarket() if market is None else ExchangeMarket.restored(market), Holdings())
        super().__init__(state, Matching(state, TickGrid.of(tick_size), MarketTrading(state)))

    @classmethod
    def restored(cls, tick_size: Decimal, state: ExchangeState) -> "Exchange":
        """An exchange with the state ``state``."""
        exchange = cls(tick_size, market=state.market)
        for account, holding in state.holdings:
            exchange.set_holding(account, holding)
        for order in state.orders:
            exchange.restore(order)
        exchange.state.sequence = max(exchange.state.sequence, state.sequence)
        return exchange

    def set_instrument(self, instrument: Instrument) -> None:
        """Use newer terms of the instrument."""
        self.set_tick_size(instrument.tick_size)

    def restore(self, state: OrderState) -> None:
        """Re-arm a held or working order with its stored state; no report. Groups are restored in the order of arrival.

        Raises:
            ValueError: the order is not with the exchange, or known already.
        """
        if state.status not in RESTORABLE:
            raise ValueError(f"an order that is {state.status} is not with the exchange")
        self.refuse_known((state.order,))
        order = WorkingOrder(state)
        self.state.register(order)
        self.state.sequence = max(self.state.sequence, state.sequence)
        if state.status is not OrderStatus.HELD:
            self.state.queues.place(order)

    def snapshot(self) -> ExchangeState:
        """The whole state, for ``restored``."""
        return ExchangeState(
            orders=tuple(order.state() for order in self.state.orders.values()),
            market=self.state.market.state(),
            holdings=self.state.holdings.items(),
            sequence=self.state.sequence,
        )
