"""Enums of the order area, in FIX terms and as the API spells them."""

from enum import StrEnum


class Side(StrEnum):
    """Direction of an order or execution."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """The type of an order (FIX OrdType)."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING_STOP = "TRAILING_STOP"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"
    MARKET_TO_LIMIT = "MARKET_TO_LIMIT"


class TimeInForce(StrEnum):
    """The time for which an order works (FIX TimeInForce)."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class PositionEffect(StrEnum):
    """The effect of an order in a hedging account: open or close (FIX PositionEffect)."""

    AUTO = "AUTO"
    OPEN = "OPEN"
    CLOSE = "CLOSE"
    CLOSE_TODAY = "CLOSE_TODAY"


# Effects with which an order only ever closes.
CLOSING = frozenset({PositionEffect.CLOSE, PositionEffect.CLOSE_TODAY})


class TriggerPrice(StrEnum):
    """The price that a stop or if-touched order watches."""

    BID_ASK = "BID_ASK"
    LAST = "LAST"
    MID = "MID"


class OffsetKind(StrEnum):
    """Unit of a trailing offset."""

    PRICE = "PRICE"
    BASIS_POINTS = "BASIS_POINTS"
    TICKS = "TICKS"


class OrderStatus(StrEnum):
    """The status of an order (FIX OrdStatus)."""

    HELD = "HELD"
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class PendingAction(StrEnum):
    """The request that the venue has not answered yet; independent of the status."""

    CANCEL = "CANCEL"
    REPLACE = "REPLACE"


class RejectReason(StrEnum):
    """The reason of a business refusal (FIX OrdRejReason)."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    INSUFFICIENT_POSITION = "INSUFFICIENT_POSITION"
    RISK_RULE = "RISK_RULE"
    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    TRADING_HALTED = "TRADING_HALTED"
    INSTRUMENT_NOT_TRADABLE = "INSTRUMENT_NOT_TRADABLE"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_MARKET_PRICE = "NO_MARKET_PRICE"
    STALE_PRICE = "STALE_PRICE"
    INVALID_TICK = "INVALID_TICK"
    INVALID_LOT = "INVALID_LOT"
    QUANTITY_OUT_OF_RANGE = "QUANTITY_OUT_OF_RANGE"
    PRICE_OUT_OF_LIMITS = "PRICE_OUT_OF_LIMITS"
    NOT_SHORTABLE = "NOT_SHORTABLE"
    POST_ONLY_WOULD_CROSS = "POST_ONLY_WOULD_CROSS"
    REDUCE_ONLY_WOULD_INCREASE = "REDUCE_ONLY_WOULD_INCREASE"
    UNSUPPORTED_BY_VENUE = "UNSUPPORTED_BY_VENUE"
    VENUE_REJECTED = "VENUE_REJECTED"
    GROUP_REJECTED = "GROUP_REJECTED"


class Contingency(StrEnum):
    """The relation of an order to its group (FIX ContingencyType): an entry is OTO, its exits are OUO."""

    NONE = "NONE"
    OCO = "OCO"
    OTO = "OTO"
    OUO = "OUO"


class Liquidity(StrEnum):
    """The liquidity role of a fill: maker or taker (FIX LastLiquidityInd)."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class OrderEventKind(StrEnum):
    """The kind of an order event (FIX ExecType)."""

    REJECTED = "REJECTED"
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    HELD = "HELD"
    RELEASED = "RELEASED"
    TRIGGERED = "TRIGGERED"
    TRADE = "TRADE"
    PENDING_REPLACE = "PENDING_REPLACE"
    REPLACED = "REPLACED"
    REPLACE_REJECTED = "REPLACE_REJECTED"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    CANCEL_REJECTED = "CANCEL_REJECTED"
    EXPIRED = "EXPIRED"
    TRADE_CORRECTED = "TRADE_CORRECTED"
    TRADE_BUSTED = "TRADE_BUSTED"
    TRADE_IMPORTED = "TRADE_IMPORTED"


class OrderSortField(StrEnum):
    """The sort field of a list of orders."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    SYMBOL = "SYMBOL"
    STATUS = "STATUS"
    QUANTITY = "QUANTITY"


class SortDirection(StrEnum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"
