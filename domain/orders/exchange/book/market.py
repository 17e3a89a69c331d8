"""The market of the paper exchange: best prices with their sizes, or a whole order book.

Orders trade with the newest event: a quote is one level per side, a book update makes the full depth available again.
Trades set the last price; where nothing is quoted, the last price is both bid and ask and its size the size shown. A
size of None means that the source shows none: it is taken to be enough for any order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from sortedcontainers import SortedDict

from domain.kernel.numbers import ZERO
from domain.market.types import BookTick, Level, QuoteTick, Tick, TradeTick
from domain.orders.model.types import Side, TriggerPrice


@dataclass(frozen=True, slots=True)
class ExchangeMarketState:
    """The stored state of the market.

    ``quoted``: a quote or a book has been seen, so trades set only the last price. ``book`` is (bids, asks) if there
    has been one, and ``by_book`` says that it is the newest event, so orders trade with its depth. ``stale``: the state
    is too old to trade at.
    """

    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    quoted: bool = False
    book: tuple[tuple[Level, ...], tuple[Level, ...]] | None = None
    by_book: bool = False
    stale: bool = False


class Reference(Enum):
    """A price that conditions compare with."""

    BID = "BID"
    ASK = "ASK"
    LAST = "LAST"
    MID = "MID"


def reference_for(side: Side, trigger: TriggerPrice) -> Reference:
    """The price that a stop, a touch or a trail of this side watches: by default buys the ask and sells the bid."""
    if trigger is TriggerPrice.LAST:
        return Reference.LAST
    if trigger is TriggerPrice.MID:
        return Reference.MID
    return Reference.ASK if side is Side.BUY else Reference.BID


class OrderBook:
    """Both sides of a level-2 book, sorted by price."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: SortedDict[Decimal, Decimal] = SortedDict()
        self.asks: SortedDict[Decimal, Decimal] = SortedDict()

    def apply(self, tick: BookTick) -> None:
        """Apply a snapshot or changed levels."""
        if tick.snapshot:
            self.bids.clear()
            self.asks.clear()
        self.set(tick.bids, tick.asks)

    def set(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Set these levels; size zero removes one."""
        _set_levels(self.bids, bids)
        _set_levels(self.asks, asks)


def _set_levels(side: "SortedDict[Decimal, Decimal]", levels: Iterable[Level]) -> None:
    for price, size in levels:
        if size:
            side[price] = size
        else:
            side.pop(price, None)


class ExchangeMarket:
    """Best bid and ask, last price and, after a book update, its levels. Mutable, owned by one exchange.

    While it is ``stale`` no order can trade or trigger.
    """

    __slots__ = ("_book", "_by_book", "_quoted", "ask", "ask_size", "bid", "bid_size", "last", "stale")

    def __init__(self) -> None:
        self.bid: Decimal | None = None
        self.ask: Decimal | None = None
        self.bid_size: Decimal | None = None
        self.ask_size: Decimal | None = None
        self.last: Decimal | None = None
        self.stale = False
        self._quoted = False
        self._book: OrderBook | None = None
        self._by_book = False

    @classmethod
    def restored(cls, state: ExchangeMarketState) -> "ExchangeMarket":
        """A market with the stored ``state``."""
        market = cls()
        market.bid, market.ask = state.bid, state.ask
        market.bid_size, market.ask_size = state.bid_size, state.ask_size
        market.last = state.last
        market._quoted = state.quoted
        if state.book is not None:
            market._book = OrderBook()
            market._book.set(*state.book)
        market._by_book = state.by_book
        market.stale = state.stale
        return market

    def state(self) -> ExchangeMarketState:
        """A copy to restore from."""
        book = None
        if self._book is not None:
            book = (tuple(self._book.bids.items()), tuple(self._book.asks.items()))
        sizes = (self.bid_size, self.ask_size)
        return ExchangeMarketState(self.bid, self.ask, *sizes, self.last, self._quoted, book, self._by_book, self.stale)

    def see_quote(self, tick: QuoteTick) -> None:
        """Apply new best prices; a side that the tick leaves out stays. A tick with only a last price is a trade."""
        if tick.last is not None:
            if tick.bid is None and tick.ask is None and not (tick.no_bid or tick.no_ask):
                self._print(tick.last, tick.last_size)
                return
            self.last = tick.last
        if not self._quoted:
            self._quoted = True
            self.bid = self.ask = None
        self._by_book = False
        if tick.bid is not None or tick.no_bid:
            self.bid, self.bid_size = tick.bid, tick.bid_size
        if tick.ask is not None or tick.no_ask:
            self.ask, self.ask_size = tick.ask, tick.ask_size

    def see_trade(self, tick: TradeTick) -> None:
        """Apply a trade: it is the last price and, while nothing is quoted, the whole market."""
        self._print(tick.price, tick.size)

    def _print(self, price: Decimal, size: Decimal | None) -> None:
        self.last = price
        if not self._quoted:
            self.bid = self.ask = price
            self.bid_size = self.ask_size = size

    def see_book(self, tick: BookTick) -> None:
        """Apply a book update: orders then trade with the book."""
        book = self._book
        if book is None:
            book = self._book = OrderBook()
        book.apply(tick)
        self._quoted = self._by_book = True
        bids, asks = book.bids, book.asks
        self.bid, self.bid_size = bids.peekitem(-1) if bids else (None, None)
        self.ask, self.ask_size = asks.peekitem(0) if asks else (None, None)

    def see(self, tick: Tick) -> None:
        """Apply any market event."""
        if isinstance(tick, QuoteTick):
            self.see_quote(tick)
        elif isinstance(tick, TradeTick):
            self.see_trade(tick)
        else:
            self.see_book(tick)

    def opposite(self, side: Side) -> Decimal | None:
        """The price that an order of this side trades at: the ask for a buy, the bid for a sell."""
        if self.stale:
            return None
        return self.ask if side is Side.BUY else self.bid

    def reference(self, reference: Reference) -> Decimal | None:
        """The current value of a watched price; None while it is unknown."""
        if self.stale:
            return None
        if reference is Reference.BID:
            return self.bid
        if reference is Reference.ASK:
            return self.ask
        if reference is Reference.LAST:
            return self.last
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2

    def crosses(self, side: Side, limit: Decimal) -> bool:
        """True if the opposite price is at the limit or better."""
        if self.stale:
            return False
        if side is Side.BUY:
            return self.ask is not None and self.ask <= limit
        return self.bid is not None and self.bid >= limit

    def take(self, side: Side, quantity: Decimal, limit: Decimal | None, *, best_only: bool = False) -> list[Level]:
        """The levels that an order of this side takes now, best first, up to its limit and the sizes shown."""
        if self.stale or (limit is not None and not self.crosses(side, limit)):
            return []
        if self._by_book and not best_only:
            return self._take_depth(side, quantity, limit)
        price, size = (self.ask, self.ask_size) if side is Side.BUY else (self.bid, self.bid_size)
        if price is None:
            return []
        taken = quantity if size is None else min(size, quantity)
        return [(price, taken)] if taken > ZERO else []

    def _take_depth(self, side: Side, quantity: Decimal, limit: Decimal | None) -> list[Level]:
        taken: list[Level] = []
        for price, size in self._levels(side):
            if limit is not None and (price > limit if side is Side.BUY else price < limit):
                break
            part = min(size, quantity)
            taken.append((price, part))
            quantity -= part
            if not quantity:
                break
        return taken

    def _levels(self, side: Side) -> Iterator[Level]:
        assert self._book is not None
        if side is Side.BUY:
            yield from self._book.asks.items()
        else:
            for price in reversed(self._book.bids):
                yield price, self._book.bids[price]
