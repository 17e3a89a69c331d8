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
    """Which accounts."""

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
    """Which cases, opened at `from` <= openedAt < `to`. All given conditions must hold."""

    account_id: Optional[str] = None
    "With a finding about this account."
    assignee: Optional[str] = None
    "Worked on by who has this email. Needs ADMIN or RISK_MANAGER."
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
    """Which anomalies, in `from` <= detectedAt < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[AnomalyKind]] = None
    "Only these kinds."
    min_severity: Optional[Severity] = None
    "Only those of this severity and above."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class AssignAnomalyCaseInput(BaseModel):
    """Who gets a case."""

    assignee: Optional[str] = None
    "The email of a RISK_MANAGER or ADMIN; null assigns it to yourself."
    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null changes it whatever its version."
    id: str
    "The case."


class BustExecutionInput(BaseModel):
    """An execution to take back, and why."""

    id: str
    "Id of the execution."
    reason: str
    "Why, for people and the audit log."


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
    """All open orders of an account that fit what is given."""

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
    "How much, above zero, in the account's currency, with no more decimal places than the currency has."
    note: Optional[str] = None
    "A remark for people; none if absent."
    reference: str
    "Your own id of the movement, unique in the account: it makes a retry safe."


class CloseAnomalyCaseInput(BaseModel):
    """The end of a decided case."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null changes it whatever its version."
    id: str
    "The case."
    learn: bool = True
    "Whether the detector learns from a DISMISSED case; of others it learns nothing."


class ClosePositionInput(BaseModel):
    """What to close of a position: all that can be closed, or `quantity` of it."""

    account_id: str
    "Id of the account."
    cancel_working: bool = False
    "First cancel the open orders that would close the position, and wait for the venue's answers."
    client_order_id: Optional[str] = None
    "Makes a retry safe: the same id returns the first order."
    limit_price: Optional[Decimal] = None
    "At this price or better, else at market."
    quantity: Optional[Decimal] = None
    "How many units; all that can be closed if absent."
    side: Optional[PositionSide] = None
    "Needed where both a long and a short are held."
    symbol: str
    "Symbol of the instrument."


class CommentAnomalyCaseInput(BaseModel):
    """A note about a case."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null changes it whatever its version."
    id: str
    "The case."
    note: str
    "1 to 2,000 characters."


class CorporateActionInput(BaseModel):
    """A corporate action of a day that has not begun; each kind has a figure of its own."""

    amount_per_unit: Optional[Decimal] = None
    "CASH_DIVIDEND: money per unit. DELISTING: what holdings are closed at, if at all."
    ex_date: date
    "The trading day with which it begins; it must not have begun."
    kind: CorporateActionKind
    "What happens."
    new_symbol: Optional[str] = None
    "SYMBOL_CHANGE: what it is called then."
    ratio: Optional[Decimal] = None
    "SPLIT: new units per old one, 0.05 for 1:20. STOCK_DIVIDEND: 0.1 is one for ten held."
    symbol: str
    "What the instrument is called now."


class CorrectExecutionInput(BaseModel):
    """What an execution should have been, and why."""

    id: str
    "Id of the execution."
    price: Decimal
    "The right price, in the instrument's currency."
    quantity: Decimal
    "The right quantity, above zero."
    reason: str
    "Why, for people and the audit log."


class CreateApiKeyInput(BaseModel):
    """A key to make for yourself. Its role is capped at your own: TRADER of a VIEWER is VIEWER; a higher role, a scope or an account that you do not have is refused."""

    accounts: Optional[list[str]] = None
    "The only accounts that it sees, 1 to 100 of yours; all if absent. There it is a TRADER at most, and of a RISK_MANAGER it only reads."
    addresses: Optional[list[str]] = None
    "The addresses and networks that it works from, 1 to 20 such as `192.0.2.7` or `2001:db8::/32`; everywhere if absent."
    expires_at: Optional[datetime] = None
    "When it stops working; never if absent."
    name: str
    "What to call it: 1 to 100 characters."
    role: Role = Role.TRADER
    "The most that it may do; never more than its owner may."
    scopes: Optional[list[KeyScope]] = None
    "The kinds of operations that it may do; all if absent. READ is always among them."


class CreateCalendarInput(BaseModel):
    """A new calendar. A code that exists already is a CONFLICT."""

    closed: Optional[list[date]] = None
    "Days that are not traded besides."
    code: str
    "What instruments call it."
    days_of: Optional[str] = None
    "A code of `exchange_calendars` whose days are traded, and whose early closes cut them; every day from Monday to Friday if absent."
    name: str
    "What people call it."
    sessions: list["SessionInput"]
    "Of each trading day, in the order in which they are traded; together within 24 hours."
    source: Optional[str] = None
    "Who says so, for people."
    time_zone: str
    "Such as Asia/Shanghai: sessions are right across its changes."


class CreateInstrumentInput(BaseModel):
    """A new instrument."""

    asset_class: AssetClass
    "What kind of thing it is."
    borrow_rate: Decimal = Decimal("0")
    "Per year; of what can be sold short."
    calendar: str = "24/7"
    "`24/7`, one of `calendars`, or a code of `exchange_calendars` such as XNYS."
    currency: str
    "What trades settle in; prices too, unless the contract is inverse."
    exchange: str
    "Where it is traded: the name of its market."
    fees: Optional["FeeScheduleInput"] = None
    "What a trade costs; nothing if absent."
    funding_hours: Optional[list[int]] = None
    "At which hours of the day in UTC funding is paid: 0, 8 and 16 for a perpetual if absent; none of them for once a day, at the day roll."
    funding_rate: Decimal = Decimal("0")
    "At each of `fundingHours`; of perpetuals only."
    initial_margin_rate: Decimal = Decimal("1")
    "Margin of a new position, as a ratio of its value."
    inverse: bool = False
    "Whether it settles in the base asset."
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
    "How far a day's prices may be from the previous close, as a ratio; unbounded if absent."
    settlement_cycle: SettlementCycle = SettlementCycle.T0
    "When what was bought may be sold."
    shortable: bool = False
    "Whether it may be sold short."
    symbol: str
    "What the platform calls it, unique."
    tick_size: Decimal
    "Prices are multiples of it."
    venue_symbol: Optional[str] = None
    "What its venue calls it; without one, the symbol less `.EXCHANGE` at its end."


class CreateRiskRuleInput(BaseModel):
    """A new limit. The scope says which of account, symbol and strategy it needs."""

    account_id: Optional[str] = None
    "Of scope ACCOUNT, or to narrow another one: which account."
    action: RiskAction = RiskAction.REJECT
    "What breaking it leads to."
    enabled: bool = True
    "Whether it is in force at once."
    kind: RiskRuleKind
    "What it limits."
    name: str
    "What people call it."
    scope: RiskScope
    "What it applies to."
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
    "The email to sign in with, unique whatever its case."
    name: str
    "What to call the person."
    password: str
    "12 to 128 characters."
    role: Role = Role.TRADER
    "What the person may do."


class DecideAnomalyCaseInput(BaseModel):
    """What a case is."""

    disposition: AnomalyDisposition
    "What it is."
    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null changes it whatever its version."
    id: str
    "The case."
    note: str
    "Why, in 1 to 2,000 characters."


class ExecutionFilter(BaseModel):
    """Which executions, in `from` <= at < `to`."""

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
    """What a trade costs; what is left out is free."""

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
    """How much of a position to freeze or to let go, and why."""

    account_id: str
    "Id of the account."
    quantity: Decimal
    "How many units, above zero."
    reason: str
    "Why, for people and the audit log."
    side: Optional[PositionSide] = None
    "Needed where both a long and a short are held."
    symbol: str
    "Symbol of the instrument."


class GrantAccountInput(BaseModel):
    """Which account to open to whom."""

    account_id: str
    "To which account."
    permission: AccountPermission
    "What the person may do there."
    user_id: str
    "Who is to get access."


class HaltTradingInput(BaseModel):
    """What to halt. The scope says which of account, symbol and strategy it needs."""

    account_id: Optional[str] = None
    "Of scope ACCOUNT: which account."
    cancel_open_orders: bool = True
    "Cancel what works in the scope."
    reason: str
    "Why, for people and the audit log."
    scope: RiskScope
    "What to halt."
    strategy: Optional[str] = None
    "Of scope STRATEGY: which strategy."
    symbol: Optional[str] = None
    "Of scope INSTRUMENT: which instrument."


class InstrumentFilter(BaseModel):
    """Which instruments: all that is given must match."""

    asset_class: Optional[AssetClass] = None
    "Only those of this kind."
    exchange: Optional[str] = None
    "Only those of this market."
    search: Optional[str] = None
    "Found in symbol or name, whatever its case."
    tradable: Optional[bool] = None
    "Only those that may be traded, or only those that may not."


class LoginInput(BaseModel):
    """How a person signs in."""

    code: Optional[str] = None
    "A code of the person's app, or a recovery code. Without one, `login` of who needs one is UNAUTHENTICATED with the `reason` CODE_REQUIRED."
    email: str
    "The email of the person, whatever its case."
    password: str
    "The person's password."


class ModifyOrderInput(BaseModel):
    """A change of an open order; what is left out stays as it is."""

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
    "The whole quantity, with what is filled; not below that."
    stop_price: Optional[Decimal] = None
    "The new stop, in the instrument's currency."
    trailing_offset: Optional[Decimal] = None
    "The new distance of the stop, in the order's `trailingOffsetKind`."


class OpenAccountInput(BaseModel):
    """A new account; the owner is who asks, unless an ADMIN names another."""

    currency: str
    "The currency of all its money: an ISO code such as USD, or a coin such as USDT."
    kind: AccountKind = AccountKind.CASH
    "How it pays for what it buys."
    name: str
    "What to call it."
    owner_id: Optional[str] = None
    "Who owns it; who asks if absent. Only an ADMIN names another."
    position_mode: PositionMode = PositionMode.NETTING
    "Whether a symbol has one position or a long and a short."
    venue: str = "paper"
    "Where its orders go: `paper`, or a venue that the platform is connected to."


class OrderFilter(BaseModel):
    """Which orders, in `from` <= createdAt < `to`."""

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
    """An exit of a bracket: it closes what the entry opens, and nothing beyond."""

    client_order_id: Optional[str] = None
    "Its own id, unique in the account; given by the server if absent."
    limit_offset: Optional[Decimal] = None
    "Of a TRAILING_STOP_LIMIT, how far its limit is from its stop."
    limit_price: Optional[Decimal] = None
    "The worst price that it trades at, in the instrument's currency; needed by types with a limit."
    stop_price: Optional[Decimal] = None
    "The price that lets it go, in the instrument's currency; needed by types with a stop."
    time_in_force: TimeInForce = TimeInForce.GTC
    "How long it works."
    trailing_offset: Optional[Decimal] = None
    "How far its stop follows the market, in `trailingOffsetKind`; needed by types that trail."
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    "Unit of `trailingOffset` and `limitOffset`."
    type_: OrderType = Field(alias="type")
    "How it becomes executable."


class OrderSort(BaseModel):
    """How orders are sorted."""

    direction: SortDirection = SortDirection.DESC
    "Which end comes first."
    field: OrderSortField = OrderSortField.CREATED_AT
    "By what."


class PlaceBracketInput(BaseModel):
    """An entry with the exits that protect what it fills; at least one of them."""

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
    "When a GTD order ends; needed by it, and by no other."
    limit_offset: Optional[Decimal] = None
    "Of a TRAILING_STOP_LIMIT, how far its limit is from its stop."
    limit_price: Optional[Decimal] = None
    "The worst price to trade at, in the instrument's currency; needed by types with a limit."
    position_effect: PositionEffect = PositionEffect.AUTO
    "Whether it opens or closes in a hedging account."
    post_only: bool = False
    "Refuse it rather than take liquidity."
    quantity: Decimal
    "How many units, above zero, a multiple of the instrument's lot."
    reduce_only: bool = False
    "Let it only reduce a position."
    side: Side
    "Whether to buy or to sell."
    stop_price: Optional[Decimal] = None
    "The price that lets it go, in the instrument's currency; needed by types with a stop."
    strategy: Optional[str] = None
    "A name of your own to group orders by: up to 100 characters."
    symbol: str
    "Symbol of the instrument."
    tags: Optional[list[str]] = None
    "Words of your own, to find it by."
    time_in_force: TimeInForce = TimeInForce.DAY
    "How long it works."
    trailing_offset: Optional[Decimal] = None
    "How far its stop follows the market, in `trailingOffsetKind`; needed by types that trail."
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    "Unit of `trailingOffset` and `limitOffset`."
    trigger_price: TriggerPrice = TriggerPrice.BID_ASK
    "Which price its stop watches."
    type_: OrderType = Field(alias="type")
    "How it becomes executable."


class PlaceOrdersInput(BaseModel):
    """Up to 1,000 orders, of one or several accounts."""

    all_or_none: bool = False
    "Refuse all of them when one is refused."
    orders: list["PlaceOrderInput"]
    "1 to 1,000 of them."


class ProgramTradingReportInput(BaseModel):
    """Which day is reported, and from which numbers on a behaviour is one. Only the first two numbers are published by the exchanges; the others are defaults of this platform."""

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
    "The same as a part of what was taken there by all on that side."
    push_move: float = 0.005
    "Move of a symbol's price within a minute that counts: 0.005 is 0.5 %."
    push_share: float = 0.1
    "The account's taking, as a part of what traded in that minute."
    pushes: int = 5
    "So many minutes of the day."
    time_zone: str = "Asia/Shanghai"
    "A name of the IANA time zone database."


class PublishQuotesInput(BaseModel):
    """Market data from a source of your own; all of it is taken, or none."""

    quotes: list["QuoteInput"]
    "1 to 1,000 of them."
    replay: Optional[str] = None
    "The name of a past market that is played again: its quotes have a clock of their own, and are as old as their receipt. Another name starts anew."


class QuoteInput(BaseModel):
    """New prices of a symbol. What is left out keeps its value; a price brings its size along."""

    ask: Optional[Decimal] = None
    "Null: nobody offers any more."
    ask_size: Optional[Decimal] = None
    "Quantity at the ask; unknown if absent."
    at: Optional[datetime] = None
    "The source's time; now if absent. A quote's age counts from it, and one that comes after a newer one of its symbol changes nothing."
    bid: Optional[Decimal] = None
    "Null: nobody bids any more."
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
    """Why a closed case is taken up again."""

    expected_version: Optional[int] = None
    "Refuse with CONFLICT unless the case is at this version; null changes it whatever its version."
    id: str
    "The case."
    reason: str
    "1 to 2,000 characters."


class ReplayDetectorInput(BaseModel):
    """Which detector to replay with which settings, over `from` <= time < `to`: at most 31 days."""

    account_id: Optional[str] = None
    "Read this account alone; null reads all. Alone, an account has no peers."
    from_: datetime = Field(alias="from")
    "Findings from then on."
    kind: AnomalyKind
    "One that reads orders, executions or money movements."
    learning_days: int = 28
    "How many days before `from` are read to learn from, 0 to 60."
    sensitivity: Optional[float] = None
    "0 to 1; null takes that in force."
    to: datetime
    "Findings before then."
    warmup: Optional[int] = None
    "1 to 1,000,000 values; null takes that in force."


class ResolveRiskEventInput(BaseModel):
    """What is done about an event, for those who read of it later."""

    id: str
    "Its id."
    note: str
    "What is done about it: 1 to 1,000 characters."


class RiskEventFilter(BaseModel):
    """Which events, in `from` <= createdAt < `to`."""

    account_id: Optional[str] = None
    "Only those of this account; of all that you see if absent."
    event_kinds: Optional[list[RiskEventKind]] = None
    "Only these kinds."
    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[str]] = None
    "Only those of these kinds: of a rule, of an anomaly, or what an operator did."
    severities: Optional[list[Severity]] = None
    "Only those of these severities."
    states: Optional[list[RiskEventState]] = None
    "Only those in these states."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class RiskRuleFilter(BaseModel):
    """Which rules."""

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
    """A channel to make, or with an `id` to replace. What is left out is as its default says."""

    account_ids: Optional[list[str]] = None
    "Of what is about an account, tell only what is about these; null is all."
    enabled: bool = True
    "False: tell nothing."
    escalate_after_minutes: Optional[int] = None
    "Tell of CRITICAL risk events that nobody has acknowledged after so many minutes, 1 to 10080."
    id: Optional[str] = None
    "Null makes a new channel."
    language: NotificationLanguage = NotificationLanguage.EN
    "The language of the messages."
    min_severity: Severity = Severity.WARNING
    "Of what has a severity, tell from this one on."
    name: str
    "1 to 100 characters."
    quiet_from: Optional[str] = None
    "From this time of the day on, such as 22:00, tell only what is CRITICAL."
    quiet_to: Optional[str] = None
    "When that ends; needed with `quietFrom`."
    shared: bool = False
    "Make it the platform's. Needs RISK_MANAGER or ADMIN; it cannot change later."
    timezone: str = "UTC"
    "Such as Europe/London."
    topics: list[NotificationTopic]
    "What to tell; none only where something is to be escalated."
    url: str
    "Such as mailtos://USER:PASSWORD@SERVER?from=A&to=B, slack://..., tgram://... or, for programs, webhooks://:SECRET@HOST/PATH. Giving what is shown of the stored one keeps it."


class SessionInput(BaseModel):
    """One session of each trading day, on the calendar's clock."""

    closes: str
    "HH:MM, the next time that the clock shows it."
    day: SessionDay = SessionDay.SAME_DAY
    "When it opens. EVENING_BEFORE: the evening of the trading day before, left out when more than a weekend lies between."
    opens: str
    "HH:MM."


class SetAccountStateInput(BaseModel):
    """What an account may do from now on, and why."""

    account_id: str
    "Id of the account."
    reason: str
    "Why, for people and the audit log."
    state: AccountState
    "What it may do from now on."


class SetInterestRateInput(BaseModel):
    """What loans of a currency cost per year, as a ratio."""

    currency: str
    "The currency of the loans."
    loan_rate: Decimal
    "Rate per year, as a ratio: 0.05 is 5 %."


class TradingHaltFilter(BaseModel):
    """Which halts."""

    account_id: Optional[str] = None
    "Only those of this account."
    active: Optional[bool] = None
    "True: those in force; false: those that were lifted; all of them if absent."
    scope: Optional[RiskScope] = None
    "Only those of this scope."
    symbol: Optional[str] = None
    "Only those of this instrument."


class TransactionFilter(BaseModel):
    """Which transactions, in `from` <= createdAt < `to`."""

    from_: Optional[datetime] = Field(alias="from", default=None)
    "Not before this time; without a lower bound if absent."
    kinds: Optional[list[TransactionKind]] = None
    "Only these kinds."
    order_id: Optional[str] = None
    "Only those of this order."
    to: Optional[datetime] = None
    "Before this time; without an upper bound if absent."


class UpdateAnomalyDetectorInput(BaseModel):
    """What to change of a detector; what is left out stays as it is."""

    action: Optional[RiskAction] = None
    "WARN raises a risk event; HALT also halts account or symbol."
    enabled: Optional[bool] = None
    "Whether it tells what it finds; it learns in any case."
    kind: AnomalyKind
    "Which detector."
    sensitivity: Optional[float] = None
    "From 0, only the plainest, to 1."
    warmup: Optional[int] = None
    "How many values of a subject are learnt before it is judged."


class UpdateInstrumentInput(BaseModel):
    """What to change of an instrument; what is left out stays as it is."""

    borrow_rate: Optional[Decimal] = None
    "Per year; of what can be sold short."
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
    "What people call it."
    price_limit_rate: Optional[Decimal] = None
    "Null takes the limit away."
    shortable: Optional[bool] = None
    "Whether it may be sold short."
    symbol: str
    "Symbol of the instrument."
    tick_size: Optional[Decimal] = None
    "Prices are multiples of it."
    tradable: Optional[bool] = None
    "Whether orders for it are taken."
    venue_symbol: Optional[str] = None
    "What its venue calls it."


class UpdateRiskRuleInput(BaseModel):
    """What to change of a limit; what is left out stays as it is."""

    action: Optional[RiskAction] = None
    "What breaking it leads to."
    enabled: Optional[bool] = None
    "Whether it is in force."
    id: str
    "Its id."
    name: Optional[str] = None
    "What people call it."
    self_trade_prevention: Optional[SelfTradePrevention] = None
    "What a SELF_TRADE rule does."
    threshold: Optional[Decimal] = None
    "The limit, in the unit of its kind."
    window_seconds: Optional[int] = None
    "How long its kind counts, in seconds."


class UpdateScheduledTaskInput(BaseModel):
    """What to change of a task; what is left out stays as it is. An interval replaces a cron line, and the other way around. Setting what the platform comes with takes your change away."""

    cron: Optional[str] = None
    "When a CRON task is due: minute, hour, day, month and day of the week."
    enabled: Optional[bool] = None
    "False pauses it."
    expected_version: Optional[int] = None
    "Change it only if its version is still this one; in any case if absent."
    interval_seconds: Optional[int] = None
    "How often an INTERVAL task is due, in seconds."
    max_retries: Optional[int] = None
    "How often a failed run is tried again."
    name: str
    "Which task."
    timeout_seconds: Optional[int] = None
    "After how long an attempt is ended, in seconds."
    timezone: Optional[str] = None
    "The zone of a CRON task's times."


class UpdateUserInput(BaseModel):
    """What to change of a person; what is left out stays as it is."""

    active: Optional[bool] = None
    "False lets the person in no more and ends its sessions. Only an ADMIN changes it."
    id: str
    "Its id."
    name: Optional[str] = None
    "What to call the person."
    password: Optional[str] = None
    "The new password: 12 to 128 characters."
    role: Optional[Role] = None
    "What the person may do. Only an ADMIN changes it."
