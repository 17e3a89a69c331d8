from datetime import date, datetime
from decimal import Decimal
from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import (
    AccountKind,
    AccountPermission,
    AccountState,
    AnomalyCaseStatus,
    AnomalyDisposition,
    AnomalyKind,
    AssetClass,
    CorporateActionKind,
    KeyScope,
    Liquidity,
    NotificationLanguage,
    NotificationTopic,
    OffsetKind,
    OrderSortField,
    OrderStatus,
    OrderType,
    PositionEffect,
    PositionMode,
    PositionSide,
    RiskAction,
    RiskEventKind,
    RiskEventState,
    RiskRuleKind,
    RiskScope,
    Role,
    SelfTradePrevention,
    SessionDay,
    SettlementCycle,
    Severity,
    Side,
    SortDirection,
    TimeInForce,
    TransactionKind,
    TriggerPrice,
)


class AccountFilter(BaseModel):
    """Conditions that select accounts."""

    currency: Optional[str] = None
    "Only those in this currency."
    kind: Optional[AccountKind] = None
    "Only those of this kind."
    name: Optional[str] = None
    "A part of the name, in capitals or not: 1 to 100 characters."
    owner_id: Optional[str] = None
    "Only those of this person."
    states: Optional[list[AccountState]] = None
    "Only those in these states."
    venue: Optional[str] = None
    "Only those at this venue."


class AnomalyCaseFilter(BaseModel):
    """Conditions that select cases, opened at `from` <= openedAt < `to`. All given conditions must hold."""

    account_id: Optional[str] = None
    "With a finding about this account."
    assignee: Optional[str] = None
    "Email of the assignee. Needs ADMIN or RISK_MANAGER."
    dispositions: Optional[list[AnomalyDisposition]] = None
    "Decided as one of these."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Opened then or later."
    kinds: Optional[list[AnomalyKind]] = None
    "Of one of these kinds."
    min_severity: Optional[Severity] = None
    "Of this severity or a higher one."
    statuses: Optional[list[AnomalyCaseStatus]] = None
    "In one of these statuses."
    to: Optional[datetime] = None
    "Opened before."


class AnomalyFilter(BaseModel):
    """Conditions that select anomalies, in `from` <= detectedAt < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    case_id: Optional[str] = None
    "Only the findings of this case; null for all."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[AnomalyKind]] = None
    "Only these kinds."
    min_severity: Optional[Severity] = None
    "Only those of this severity and above."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class AssignAnomalyCaseInput(BaseModel):
    """Assignment of a case to a person."""

    assignee: Optional[str] = None
    "The email of a RISK_MANAGER or ADMIN; null assigns it to yourself."
    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null accepts any version."
    id: str
    "The case."


class BustExecutionInput(BaseModel):
    """An execution to bust, and the reason."""

    id: str
    "Id of the execution."
    reason: str
    "Reason for people and the audit log."


class CancelAllAfterInput(BaseModel):
    """A dead man's switch: unless it is set again in time, all open orders are cancelled."""

    account_id: str
    "Id of the account."
    seconds: int
    "After how long: 1 to 86,400 seconds, or 0 to take the timer away."


class CancelOrderInput(BaseModel):
    """An order, by our id or by its own within an account."""

    account_id: Optional[str] = None
    "The account, with `clientOrderId`, in place of `id`."
    client_order_id: Optional[str] = None
    "The order's own id within the account, in place of `id`."
    id: Optional[str] = None
    "Our id of the order; or name it by account and `clientOrderId`."


class CancelOrdersInput(BaseModel):
    """Conditions that select open orders of an account."""

    account_id: str
    "Id of the account."
    side: Optional[Side] = None
    "Only orders of this side; of both if absent."
    strategy: Optional[str] = None
    "Only orders of this strategy; of all if absent."
    symbol: Optional[str] = None
    "Only orders for this instrument; of any if absent."


class CashInput(BaseModel):
    """A deposit or withdrawal. The reference is unique in the account: a repeat changes nothing."""

    account_id: str
    "Id of the account."
    amount: Decimal
    "Amount above zero, in the account's currency, with no more decimals than the currency has."
    note: Optional[str] = None
    "A remark for people; none if absent."
    reference: str
    "Your own id of the movement, unique in the account: it makes a retry safe."


class CloseAnomalyCaseInput(BaseModel):
    """The end of a decided case."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null accepts any version."
    id: str
    "The case."
    learn: bool = True
    "True if the detector learns from a DISMISSED case; of others it learns nothing."


class ClosePositionInput(BaseModel):
    """The position to close: everything that can be closed, or `quantity` of it."""

    account_id: str
    "Id of the account."
    cancel_working: bool = False
    "First cancel the open orders that would close the position, and wait for the venue's answers."
    client_order_id: Optional[str] = None
    "Makes a retry safe: the same id returns the first order."
    limit_price: Optional[Decimal] = None
    "At this price or better, else at market."
    quantity: Optional[Decimal] = None
    "Number of units; everything that can be closed if absent."
    side: Optional[PositionSide] = None
    "Needed where both a long and a short are held."
    symbol: str
    "Symbol of the instrument."


class CommentAnomalyCaseInput(BaseModel):
    """A note about a case."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null accepts any version."
    id: str
    "The case."
    note: str
    "1 to 2,000 characters."


class CorporateActionInput(BaseModel):
    """A corporate action of a day that has not begun; each kind has a figure of its own."""

    amount_per_unit: Optional[Decimal] = None
    "CASH_DIVIDEND: money per unit. DELISTING: price at which positions are closed, if there is one."
    ex_date: date
    "The trading day with which it begins; it must not have begun."
    kind: CorporateActionKind
    "Kind of the corporate action."
    new_symbol: Optional[str] = None
    "SYMBOL_CHANGE: the new symbol."
    ratio: Optional[Decimal] = None
    "SPLIT: new units per old one, 0.05 for 1:20. STOCK_DIVIDEND: 0.1 is one for ten held."
    symbol: str
    "Current symbol of the instrument."


class CorrectExecutionInput(BaseModel):
    """The right price or quantity of an execution, and the reason."""

    id: str
    "Id of the execution."
    price: Decimal
    "The right price, in the instrument's currency."
    quantity: Decimal
    "The right quantity, above zero."
    reason: str
    "Reason for people and the audit log."


class CreateApiKeyInput(BaseModel):
    """A key to make for yourself. Its role is capped at your own: TRADER of a VIEWER is VIEWER; a higher role, a scope or an account that you do not have is refused."""

    accounts: Optional[list[str]] = None
    "The only accounts that it sees, 1 to 100 of yours; all if absent. There it is a TRADER at most, and of a RISK_MANAGER it only reads."
    addresses: Optional[list[str]] = None
    "The addresses and networks that it works from, 1 to 20 such as `192.0.2.7` or `2001:db8::/32`; everywhere if absent."
    expires_at: Optional[datetime] = None
    "Time at which it stops working; never if absent."
    name: str
    "Its name: 1 to 100 characters."
    role: Role = Role.TRADER
    "The most that it may do; never more than its owner may."
    scopes: Optional[list[KeyScope]] = None
    "The kinds of operations that it may do; all if absent. READ is always among them."


class CreateCalendarInput(BaseModel):
    """A new calendar. A code that exists already is a CONFLICT."""

    closed: Optional[list[date]] = None
    "Additional days without trading."
    code: str
    "Code by which instruments refer to it."
    days_of: Optional[str] = None
    "A code of `exchange_calendars` for its trading days and early closes; every day from Monday to Friday if absent."
    name: str
    "Its name for people."
    sessions: list["SessionInput"]
    "Of each trading day, in the order in which they are traded; together within 24 hours."
    source: Optional[str] = None
    "Source of the hours, for people."
    time_zone: str
    "Such as Asia/Shanghai: sessions are right across its changes."


class CreateInstrumentInput(BaseModel):
    """A new instrument."""

    asset_class: AssetClass
    "Its asset class."
    borrow_rate: Decimal = Decimal("0")
    "Borrow rate per year, as a ratio; for instruments that can be sold short."
    calendar: str = "24/7"
    "`24/7`, one of `calendars`, or a code of `exchange_calendars` such as XNYS."
    currency: str
    "Settlement currency of trades; also the currency of prices, unless the contract is inverse."
    exchange: str
    "Name of its market."
    fees: Optional["FeeScheduleInput"] = None
    "Fees of a trade; none if absent."
    funding_hours: Optional[list[int]] = None
    "At which hours of the day in UTC funding is paid: 0, 8 and 16 for a perpetual if absent; none of them for once a day, at the day roll."
    funding_rate: Decimal = Decimal("0")
    "At each of `fundingHours`; of perpetuals only."
    initial_margin_rate: Decimal = Decimal("1")
    "Margin of a new position, as a ratio of its value."
    inverse: bool = False
    "True if it settles in the base asset."
    lot_size: Decimal
    "Quantities are multiples of it."
    maintenance_margin_rate: Decimal = Decimal("1")
    "Margin that a position must keep, as a ratio of its value."
    max_quantity: Optional[Decimal] = None
    "The largest quantity of an order; unbounded if absent."
    min_notional: Optional[Decimal] = None
    "The least that an order must be worth, in its currency; unbounded if absent."
    min_quantity: Optional[Decimal] = None
    "One lot if absent."
    multiplier: Decimal = Decimal("1")
    "Units in one of quantity."
    name: Optional[str] = None
    "The symbol if absent."
    price_limit_rate: Optional[Decimal] = None
    "Largest distance of a day's prices from the previous close, as a ratio; unbounded if absent."
    settlement_cycle: SettlementCycle = SettlementCycle.T0
    "Time from which purchased units may be sold."
    shortable: bool = False
    "True if it may be sold short."
    symbol: str
    "Its symbol on the platform, unique."
    tick_size: Decimal
    "Prices are multiples of it."
    venue_symbol: Optional[str] = None
    "Its symbol at its venue; if absent, the symbol without `.EXCHANGE` at its end."


class CreateRiskRuleInput(BaseModel):
    """A new limit. The scope says which of account, symbol and strategy it needs."""

    account_id: Optional[str] = None
    "Of scope ACCOUNT, or to narrow another one: which account."
    action: RiskAction = RiskAction.REJECT
    "Action when the rule is broken."
    enabled: bool = True
    "True if it is in force at once."
    kind: RiskRuleKind
    "Kind of the limit."
    name: str
    "Its name for people."
    scope: RiskScope
    "Scope of the rule or halt."
    self_trade_prevention: Optional[SelfTradePrevention] = None
    "For SELF_TRADE; CANCEL_NEWEST when left out."
    strategy: Optional[str] = None
    "Of scope STRATEGY, or to narrow another one: which strategy."
    symbol: Optional[str] = None
    "Of scope INSTRUMENT, or to narrow another one: which instrument."
    threshold: Optional[Decimal] = None
    "The limit, in the unit of its kind: units, money of the account's currency, a ratio (0.05 is 5 %), a multiple or a count."
    window_seconds: Optional[int] = None
    "Of kinds that count within a time, how long that is, in seconds."


class CreateUserInput(BaseModel):
    """A person to add. The password has 12 to 128 characters."""

    email: str
    "Email for sign-in, unique in any letter case."
    name: str
    "Name of the person."
    password: str
    "12 to 128 characters."
    role: Role = Role.TRADER
    "Role of the person."


class DecideAnomalyCaseInput(BaseModel):
    """Decision on the case."""

    disposition: AnomalyDisposition
    "Its kind."
    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null accepts any version."
    id: str
    "The case."
    note: str
    "Reason, in 1 to 2,000 characters."


class ExecutionFilter(BaseModel):
    """Conditions that select executions, in `from` <= at < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    liquidity: Optional[Liquidity] = None
    "Only those that gave, or that took."
    order_id: Optional[str] = None
    "Only those of this order."
    sides: Optional[list[Side]] = None
    "Only those of these sides."
    strategy: Optional[str] = None
    "Only those of orders of this strategy."
    symbols: Optional[list[str]] = None
    "Only those of these instruments."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class FeeScheduleInput(BaseModel):
    """Fees of a trade; absent fields are zero."""

    maker_rate: Decimal = Decimal("0")
    "For a fill that rested in the book, as a ratio of its notional; below zero for a rebate."
    minimum: Decimal = Decimal("0")
    "The least that an order costs once it fills, in the instrument's currency."
    per_unit: Decimal = Decimal("0")
    "For each unit of quantity, in the instrument's currency."
    sell_tax_rate: Decimal = Decimal("0")
    "Tax on sells beside the fee, as a ratio of their notional."
    taker_rate: Decimal = Decimal("0")
    "For a fill that took from the book, as a ratio of its notional."


class FreezePositionInput(BaseModel):
    """Quantity of a position to freeze or to release, and the reason."""

    account_id: str
    "Id of the account."
    quantity: Decimal
    "Number of units, above zero."
    reason: str
    "Reason for people and the audit log."
    side: Optional[PositionSide] = None
    "Needed where both a long and a short are held."
    symbol: str
    "Symbol of the instrument."


class GrantAccountInput(BaseModel):
    """Access of a person to an account."""

    account_id: str
    "To which account."
    permission: AccountPermission
    "Permission of the person on the account."
    user_id: str
    "The person who gets access."


class HaltTradingInput(BaseModel):
    """Subject of a halt. The scope decides if account, symbol or strategy must be given."""

    account_id: Optional[str] = None
    "Of scope ACCOUNT: which account."
    cancel_open_orders: bool = True
    "Cancel all working orders in the scope."
    reason: str
    "Reason for people and the audit log."
    scope: RiskScope
    "Scope of the halt."
    strategy: Optional[str] = None
    "Of scope STRATEGY: which strategy."
    symbol: Optional[str] = None
    "Of scope INSTRUMENT: which instrument."


class InstrumentFilter(BaseModel):
    """Conditions that select instruments; all given conditions must hold."""

    asset_class: Optional[AssetClass] = None
    "Only those of this kind."
    exchange: Optional[str] = None
    "Only those of this market."
    search: Optional[str] = None
    "Text to find in symbol or name, in any letter case."
    tradable: Optional[bool] = None
    "Only those that may be traded, or only those that may not."


class LoginInput(BaseModel):
    """Credentials of a person."""

    code: Optional[str] = None
    "A code of the person's app, or a recovery code. If it is required and missing, `login` is UNAUTHENTICATED with the `reason` CODE_REQUIRED."
    email: str
    "Email of the person, in any letter case."
    password: str
    "The person's password."


class ModifyOrderInput(BaseModel):
    """A change of an open order; absent fields stay unchanged."""

    account_id: Optional[str] = None
    "The account, with `clientOrderId`, in place of `id`."
    client_order_id: Optional[str] = None
    "The order's own id within the account, in place of `id`."
    expected_version: Optional[int] = None
    "Change it only if nothing has changed it since this version."
    expires_at: Optional[datetime] = None
    "The new end of a GTD order."
    id: Optional[str] = None
    "Our id of the order; or name it by account and `clientOrderId`."
    limit_price: Optional[Decimal] = None
    "The new limit, in the instrument's currency."
    quantity: Optional[Decimal] = None
    "The whole quantity, including the filled part and not below it."
    stop_price: Optional[Decimal] = None
    "The new stop, in the instrument's currency."
    trailing_offset: Optional[Decimal] = None
    "The new distance of the stop, in the order's `trailingOffsetKind`."


class OpenAccountInput(BaseModel):
    """A new account; its owner is the caller, unless an ADMIN gives another user."""

    currency: str
    "The currency of all its money: an ISO code such as USD, or a coin such as USDT."
    kind: AccountKind = AccountKind.CASH
    "Its funding: own cash only, or margin."
    name: str
    "Its name."
    owner_id: Optional[str] = None
    "Its owner; the caller if absent. Only an ADMIN may give another user."
    position_mode: PositionMode = PositionMode.NETTING
    "True if a symbol has one position or a long and a short."
    venue: str = "paper"
    "Venue of its orders: `paper`, or a venue that the platform is connected to."


class OrderFilter(BaseModel):
    """Conditions that select orders, in `from` <= createdAt < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    client_order_id: Optional[str] = None
    "Only the one with this id of its own, in any account."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    group_id: Optional[str] = None
    "Only those of this bracket or OCO."
    open: Optional[bool] = None
    "Only those that are open, or only those that are over."
    sides: Optional[list[Side]] = None
    "Only those of these sides."
    statuses: Optional[list[OrderStatus]] = None
    "Only those in these statuses."
    strategy: Optional[str] = None
    "Only those of this strategy."
    symbols: Optional[list[str]] = None
    "Only those for these instruments."
    tags: Optional[list[str]] = None
    "Only those that have all of these tags."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."
    types: Optional[list[OrderType]] = None
    "Only those of these types."


class OrderLegInput(BaseModel):
    """An exit of a bracket: it closes the quantity that the entry opens, and no more."""

    client_order_id: Optional[str] = None
    "Its own id, unique in the account; given by the server if absent."
    limit_offset: Optional[Decimal] = None
    "Of a TRAILING_STOP_LIMIT, how far its limit is from its stop."
    limit_price: Optional[Decimal] = None
    "The worst price that it trades at, in the instrument's currency; needed by types with a limit."
    stop_price: Optional[Decimal] = None
    "The price that lets it go, in the instrument's currency; needed by types with a stop."
    time_in_force: TimeInForce = TimeInForce.GTC
    "Its time in force."
    trailing_offset: Optional[Decimal] = None
    "Distance of its stop from the market, in `trailingOffsetKind`; required by types that trail."
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    "Unit of `trailingOffset` and `limitOffset`."
    type_: OrderType = Field(alias="type")
    "Its order type."


class OrderSort(BaseModel):
    """Sort order of orders."""

    direction: SortDirection = SortDirection.DESC
    "Sort direction."
    field: OrderSortField = OrderSortField.CREATED_AT
    "By what."


class PlaceBracketInput(BaseModel):
    """An entry with at least one exit that protects its filled quantity."""

    entry: "PlaceOrderInput"
    "The order that opens."
    stop_loss: Optional["OrderLegInput"] = None
    "The exit that bounds the loss; none if absent."
    take_profit: Optional["OrderLegInput"] = None
    "The exit with a profit; none if absent."


class PlaceOcoInput(BaseModel):
    """Two orders of which at most one is to come true."""

    first: "PlaceOrderInput"
    "One of them."
    second: "PlaceOrderInput"
    "The other, in the same account."


class PlaceOrderInput(BaseModel):
    """A new order."""

    account_id: str
    "Id of the account."
    activation_price: Optional[Decimal] = None
    "The price from which on it trails, in the instrument's currency; at once if absent."
    client_order_id: Optional[str] = None
    "Makes a retry safe: the same id returns the first order. Given by the server if absent."
    expires_at: Optional[datetime] = None
    "Expiry time; required for a GTD order and refused for others."
    limit_offset: Optional[Decimal] = None
    "Of a TRAILING_STOP_LIMIT, how far its limit is from its stop."
    limit_price: Optional[Decimal] = None
    "The worst price to trade at, in the instrument's currency; needed by types with a limit."
    position_effect: PositionEffect = PositionEffect.AUTO
    "True if it opens or closes in a hedging account."
    post_only: bool = False
    "Refuse it rather than take liquidity."
    quantity: Decimal
    "Number of units, above zero, a multiple of the instrument's lot."
    reduce_only: bool = False
    "Let it only reduce a position."
    side: Side
    "True if to buy or to sell."
    stop_price: Optional[Decimal] = None
    "The price that lets it go, in the instrument's currency; needed by types with a stop."
    strategy: Optional[str] = None
    "A name of your own to group orders by: up to 100 characters."
    symbol: str
    "Symbol of the instrument."
    tags: Optional[list[str]] = None
    "Words of your own, to find it by."
    time_in_force: TimeInForce = TimeInForce.DAY
    "Its time in force."
    trailing_offset: Optional[Decimal] = None
    "Distance of its stop from the market, in `trailingOffsetKind`; required by types that trail."
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    "Unit of `trailingOffset` and `limitOffset`."
    trigger_price: TriggerPrice = TriggerPrice.BID_ASK
    "Price that triggers its stop."
    type_: OrderType = Field(alias="type")
    "Its order type."


class PlaceOrdersInput(BaseModel):
    """Up to 1,000 orders, of one or several accounts."""

    all_or_none: bool = False
    "Refuse all of them when one is refused."
    orders: list["PlaceOrderInput"]
    "1 to 1,000 of them."


class ProgramTradingReportInput(BaseModel):
    """Day of the report, and the thresholds of each behaviour. The exchanges publish only the first two thresholds; the others are defaults of this platform."""

    account_id: Optional[str] = None
    "One account; null reports all."
    cancel_ratio: float = 0.8
    "Cancels for each order of the day; both numbers must be met."
    day: date
    "The calendar day in `timeZone`."
    instant_cancels: int = 10
    "Orders of the day that were cancelled within a second."
    messages_per_day: int = 20000
    "Orders and cancels of the day."
    messages_per_second: int = 300
    "Orders and cancels within any one second."
    minute_move: float = 0.003
    "Move of the symbol's price in that minute; all three must be met."
    minute_notional: Decimal = Decimal("1000000")
    "Taken within a minute in one symbol on one side, in the account's currency."
    minute_share: float = 0.3
    "The same as a share of all quantity that took liquidity on that side."
    push_move: float = 0.005
    "Move of a symbol's price within a minute that counts: 0.005 is 0.5 %."
    push_share: float = 0.1
    "The quantity with which the account took liquidity, as a share of all trading in that minute."
    pushes: int = 5
    "Number of minutes of the day."
    time_zone: str = "Asia/Shanghai"
    "A name of the IANA time zone database."


class PublishQuotesInput(BaseModel):
    """Market data from a source of your own; all of it is taken, or none."""

    quotes: list["QuoteInput"]
    "1 to 1,000 of them."
    replay: Optional[str] = None
    "Name of a replay of a past market: its quotes have their own clock, and their age counts from their receipt. Another name starts a new clock."


class QuoteInput(BaseModel):
    """New prices of a symbol. Absent fields keep their value; a price replaces its size."""

    ask: Optional[Decimal] = None
    "Null: there are no offers any more."
    ask_size: Optional[Decimal] = None
    "Quantity at the ask; unknown if absent."
    at: Optional[datetime] = None
    "The source's time; now if absent. A quote's age counts from it, and one that comes after a newer one of its symbol changes nothing."
    bid: Optional[Decimal] = None
    "Null: there are no bids any more."
    bid_size: Optional[Decimal] = None
    "Quantity at the bid; unknown if absent."
    last: Optional[Decimal] = None
    "Price of the last trade."
    last_size: Optional[Decimal] = None
    "Quantity of the last trade; unknown if absent."
    symbol: str
    "Symbol of the instrument."
    volume: Optional[Decimal] = None
    "Of the trading day so far; if absent, trades with a size add up."


class ReopenAnomalyCaseInput(BaseModel):
    """Reason for reopening a closed case."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null accepts any version."
    id: str
    "The case."
    reason: str
    "1 to 2,000 characters."


class ReplayDetectorInput(BaseModel):
    """Detector and settings of a replay over `from` <= time < `to`: at most 31 days."""

    account_id: Optional[str] = None
    "Read this account alone; null reads all. Alone, an account has no peers."
    from_: datetime = Field(alias="from")
    "Findings from then on."
    kind: AnomalyKind
    "One that reads orders, executions or money movements."
    learning_days: int = 28
    "Number of days before `from` that are read for learning, 0 to 60."
    sensitivity: Optional[float] = None
    "0 to 1; null takes that in force."
    to: datetime
    "Findings before then."
    warmup: Optional[int] = None
    "1 to 1,000,000 values; null takes that in force."


class ResolveRiskEventInput(BaseModel):
    """Resolution of an event, with a note for later readers."""

    id: str
    "Its id."
    note: str
    "Note on the resolution: 1 to 1,000 characters."


class RiskEventFilter(BaseModel):
    """Conditions that select events, in `from` <= createdAt < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    event_kinds: Optional[list[RiskEventKind]] = None
    "Only these kinds."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[str]] = None
    "Only events of these kinds: of rules, of anomalies, or of actions of operators."
    severities: Optional[list[Severity]] = None
    "Only those of these severities."
    states: Optional[list[RiskEventState]] = None
    "Only those in these states."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class RiskRuleFilter(BaseModel):
    """Conditions that select rules."""

    account_id: Optional[str] = None
    "Those that hold for the account: its own and those of no account."
    enabled: Optional[bool] = None
    "True: those in force; false: those that are not; all of them if absent."
    kinds: Optional[list[RiskRuleKind]] = None
    "Only these kinds."
    scope: Optional[RiskScope] = None
    "Only those of this scope."
    symbol: Optional[str] = None
    "Only those of this instrument."


class SaveNotificationChannelInput(BaseModel):
    """A channel to create, or to replace with an `id`. Absent fields get their defaults."""

    account_ids: Optional[list[str]] = None
    "Accounts whose events are sent; null selects all."
    enabled: bool = True
    "False: no messages are sent."
    escalate_after_minutes: Optional[int] = None
    "Minutes after which unacknowledged CRITICAL risk events are sent, 1 to 10080."
    id: Optional[str] = None
    "Null makes a new channel."
    language: NotificationLanguage = NotificationLanguage.EN
    "The language of the messages."
    min_severity: Severity = Severity.WARNING
    "Lowest severity of events that are sent."
    name: str
    "1 to 100 characters."
    quiet_from: Optional[str] = None
    "Start of quiet hours, such as 22:00, in which only CRITICAL events are sent."
    quiet_to: Optional[str] = None
    "End of quiet hours; required with `quietFrom`."
    shared: bool = False
    "Make it the platform's. Needs RISK_MANAGER or ADMIN; it cannot change later."
    timezone: str = "UTC"
    "Such as Europe/London."
    topics: list[NotificationTopic]
    "Topics of the channel; may be empty only if an escalation time is given."
    url: str
    "Such as mailtos://USER:PASSWORD@SERVER?from=A&to=B, slack://..., tgram://... or, for programs, webhooks://:SECRET@HOST/PATH. The masked address of the stored channel keeps the stored address."


class SessionInput(BaseModel):
    """One session of each trading day, on the calendar's clock."""

    closes: str
    "HH:MM, the next time that the clock shows it."
    day: SessionDay = SessionDay.SAME_DAY
    "When it opens. EVENING_BEFORE: the evening of the trading day before, left out when more than a weekend lies between."
    opens: str
    "HH:MM."


class SetAccountStateInput(BaseModel):
    """New state of an account, and the reason."""

    account_id: str
    "Id of the account."
    reason: str
    "Reason for people and the audit log."
    state: AccountState
    "The new state."


class SetInterestRateInput(BaseModel):
    """Yearly interest rate of loans of a currency, as a ratio."""

    currency: str
    "The currency of the loans."
    loan_rate: Decimal
    "Rate per year, as a ratio: 0.05 is 5 %."


class TradingHaltFilter(BaseModel):
    """Conditions that select halts."""

    account_id: Optional[str] = None
    "Only those of this account."
    active: Optional[bool] = None
    "True: those in force; false: those that were lifted; all of them if absent."
    scope: Optional[RiskScope] = None
    "Only those of this scope."
    symbol: Optional[str] = None
    "Only those of this instrument."


class TransactionFilter(BaseModel):
    """Conditions that select transactions, in `from` <= createdAt < `to`."""

    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[TransactionKind]] = None
    "Only these kinds."
    order_id: Optional[str] = None
    "Only those of this order."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class UpdateAnomalyDetectorInput(BaseModel):
    """Changes of a detector; absent fields stay unchanged."""

    action: Optional[RiskAction] = None
    "WARN raises a risk event; HALT also halts account or symbol."
    enabled: Optional[bool] = None
    "True if it reports its findings; it learns in any case."
    kind: AnomalyKind
    "The detector."
    sensitivity: Optional[float] = None
    "From 0, only the plainest, to 1."
    warmup: Optional[int] = None
    "Number of values of a subject that it learns before it judges the subject."


class UpdateInstrumentInput(BaseModel):
    """Changes of an instrument; absent fields stay unchanged."""

    borrow_rate: Optional[Decimal] = None
    "Borrow rate per year, as a ratio; for instruments that can be sold short."
    fees: Optional["FeeScheduleInput"] = None
    "Replaces the whole schedule."
    funding_hours: Optional[list[int]] = None
    "Hours of the day in UTC, from now on; none of them for once a day, at the day roll."
    funding_rate: Optional[Decimal] = None
    "At each of the funding hours; of perpetuals only."
    initial_margin_rate: Optional[Decimal] = None
    "Margin of a new position, as a ratio of its value."
    lot_size: Optional[Decimal] = None
    "Quantities are multiples of it."
    maintenance_margin_rate: Optional[Decimal] = None
    "Margin that a position must keep, as a ratio of its value."
    max_quantity: Optional[Decimal] = None
    "Null takes the bound away. It does not bound exits."
    min_notional: Optional[Decimal] = None
    "Null takes the bound away. It does not bound exits."
    min_quantity: Optional[Decimal] = None
    "The smallest quantity of an order."
    name: Optional[str] = None
    "Its name for people."
    price_limit_rate: Optional[Decimal] = None
    "Null takes the limit away."
    shortable: Optional[bool] = None
    "True if it may be sold short."
    symbol: str
    "Symbol of the instrument."
    tick_size: Optional[Decimal] = None
    "Prices are multiples of it."
    tradable: Optional[bool] = None
    "True if orders for it are taken."
    venue_symbol: Optional[str] = None
    "Its symbol at its venue."


class UpdateRiskRuleInput(BaseModel):
    """Changes of a rule; absent fields stay unchanged."""

    action: Optional[RiskAction] = None
    "Action when the rule is broken."
    enabled: Optional[bool] = None
    "True if it is in force."
    id: str
    "Its id."
    name: Optional[str] = None
    "Its name for people."
    self_trade_prevention: Optional[SelfTradePrevention] = None
    "Handling of self-trades by a SELF_TRADE rule."
    threshold: Optional[Decimal] = None
    "The limit, in the unit of its kind."
    window_seconds: Optional[int] = None
    "Length of its time window, in seconds."


class UpdateScheduledTaskInput(BaseModel):
    """Changes of a task; absent fields stay unchanged. An interval replaces a cron line, and the other way around. A value equal to the platform's default removes your change."""

    cron: Optional[str] = None
    "Schedule of a CRON task: minute, hour, day, month and day of the week."
    enabled: Optional[bool] = None
    "False pauses it."
    expected_version: Optional[int] = None
    "Change it only if its version is still this one; in any case if absent."
    interval_seconds: Optional[int] = None
    "Interval of an INTERVAL task, in seconds."
    max_retries: Optional[int] = None
    "Number of retries of a failed run."
    name: str
    "The task."
    timeout_seconds: Optional[int] = None
    "After how long an attempt is ended, in seconds."
    timezone: Optional[str] = None
    "The zone of a CRON task's times."


class UpdateUserInput(BaseModel):
    """Changes of a user; absent fields stay unchanged."""

    active: Optional[bool] = None
    "False lets the person in no more and ends its sessions. Only an ADMIN changes it."
    id: str
    "Its id."
    name: Optional[str] = None
    "Name of the person."
    password: Optional[str] = None
    "The new password: 12 to 128 characters."
    role: Optional[Role] = None
    "Role of the person. Only an ADMIN changes it."
