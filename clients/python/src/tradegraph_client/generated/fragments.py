from datetime import date, datetime
from decimal import Decimal
from typing import Any, Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import (
    AccountEventKind,
    AccountKind,
    AccountPermission,
    AccountState,
    AnomalyCaseEventKind,
    AnomalyCaseStatus,
    AnomalyDisposition,
    AnomalyKind,
    AssetClass,
    AuditOutcome,
    BarInterval,
    ComponentState,
    Contingency,
    CorporateActionKind,
    HouseAccount,
    KeyScope,
    Liquidity,
    NotificationLanguage,
    NotificationTopic,
    OffsetKind,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    PositionMode,
    PositionSide,
    RejectReason,
    RiskAction,
    RiskEventKind,
    RiskEventOrigin,
    RiskEventState,
    RiskRuleKind,
    RiskScope,
    Role,
    SelfTradePrevention,
    SessionDay,
    SettlementCycle,
    Severity,
    Side,
    TaskRunCause,
    TaskRunState,
    TimeInForce,
    TransactionKind,
    TriggerKind,
    TriggerPrice,
    WatchedBehaviour,
)


class Account(BaseModel):
    available: Decimal
    buying_power: Decimal
    cash: Decimal
    created_at: datetime
    currency: str
    day_pnl: Decimal
    equity: Decimal
    fees_paid: Decimal
    id: str
    initial_margin: Decimal
    kind: AccountKind
    maintenance_margin: Decimal
    margin_ratio: Optional[Decimal] = Field(default=None)
    market_value: Decimal
    name: str
    owner: "AccountOwner"
    position_mode: PositionMode
    realized_pnl: Decimal
    reserved: Decimal
    state: AccountState
    state_by: Optional[str] = Field(default=None)
    state_reason: Optional[str] = Field(default=None)
    unrealized_pnl: Decimal
    venue: str


class AccountOwner(BaseModel):
    id: str
    email: str
    name: str


class AccountTransaction(BaseModel):
    account: "AccountTransactionAccount"
    amount: Decimal
    at: datetime
    balance_after: Decimal
    by: Optional[str] = Field(default=None)
    contra: HouseAccount
    currency: str
    execution_id: Optional[str] = Field(default=None)
    hash: str
    id: str
    kind: TransactionKind
    note: Optional[str] = Field(default=None)
    order_id: Optional[str] = Field(default=None)
    reference: Optional[str] = Field(default=None)
    sequence: int


class AccountTransactionAccount(BaseModel):
    id: str
    name: str


class Execution(BaseModel):
    account: "ExecutionAccount"
    at: datetime
    busted_at: Optional[datetime] = Field(default=None)
    busted_by: Optional[str] = Field(default=None)
    corrected_by: Optional[str] = Field(default=None)
    cursor: str
    fee: Decimal
    fx_rate: Decimal
    id: str
    liquidity: Liquidity
    order: "ExecutionOrder"
    price: Decimal
    quantity: Decimal
    realized_pnl: Decimal
    side: Side
    symbol: str
    tax: Decimal
    venue_execution_id: str
    venue_fee: Optional[Decimal] = Field(default=None)
    venue_fee_currency: Optional[str] = Field(default=None)
    withheld: Decimal


class ExecutionAccount(BaseModel):
    id: str
    name: str
    currency: str


class ExecutionOrder(BaseModel):
    id: str
    client_order_id: str
    strategy: Optional[str] = Field(default=None)


class Order(BaseModel):
    account: "OrderAccount"
    activation_price: Optional[Decimal] = Field(default=None)
    average_price: Optional[Decimal] = Field(default=None)
    client_order_id: str
    closed_at: Optional[datetime] = Field(default=None)
    contingency: Contingency
    created_at: datetime
    expires_at: Optional[datetime] = Field(default=None)
    fees: Decimal
    filled_quantity: Decimal
    group_id: Optional[str] = Field(default=None)
    id: str
    limit_offset: Optional[Decimal] = Field(default=None)
    limit_price: Optional[Decimal] = Field(default=None)
    parent_id: Optional[str] = Field(default=None)
    pending_action: Optional[PendingAction] = Field(default=None)
    placed_by: Optional[str] = Field(default=None)
    placed_by_key: Optional[str] = Field(default=None)
    position_effect: PositionEffect
    post_only: bool
    quantity: Decimal
    reduce_only: bool
    reject_message: Optional[str] = Field(default=None)
    reject_reason: Optional[RejectReason] = Field(default=None)
    remaining_quantity: Decimal
    reserved: Decimal
    side: Side
    status: OrderStatus
    stop_price: Optional[Decimal] = Field(default=None)
    strategy: Optional[str] = Field(default=None)
    symbol: str
    tags: list[str]
    time_in_force: TimeInForce
    trailing_offset: Optional[Decimal] = Field(default=None)
    trailing_offset_kind: Optional[OffsetKind] = Field(default=None)
    trigger_price: TriggerPrice
    triggered_at: Optional[datetime] = Field(default=None)
    type_: OrderType = Field(alias="type")
    updated_at: datetime
    venue_order_id: Optional[str] = Field(default=None)
    version: int


class OrderAccount(BaseModel):
    id: str
    name: str
    currency: str


class AccountEvent(BaseModel):
    account_id: str
    at: datetime
    by: Optional[str] = Field(default=None)
    cash: Decimal
    currency: str
    cursor: str
    execution: Optional["AccountEventExecution"] = Field(default=None)
    kind: AccountEventKind
    order: Optional["AccountEventOrder"] = Field(default=None)
    reason: Optional[str] = Field(default=None)
    reserved: Decimal
    sequence: int
    state: AccountState
    transaction: Optional["AccountEventTransaction"] = Field(default=None)


class AccountEventExecution(Execution):
    pass


class AccountEventOrder(Order):
    pass


class AccountEventTransaction(AccountTransaction):
    pass


class AccountGrant(BaseModel):
    account: "AccountGrantAccount"
    granted_at: datetime
    granted_by: Optional[str] = Field(default=None)
    permission: AccountPermission


class AccountGrantAccount(BaseModel):
    id: str
    name: str


class Anomaly(BaseModel):
    account_id: Optional[str] = Field(default=None)
    at: datetime
    case_id: Optional[str] = Field(default=None)
    cursor: str
    evidence: Any
    expected: Optional[float] = Field(default=None)
    explanation: str
    id: str
    kind: AnomalyKind
    observed: float
    risk_event_id: Optional[str] = Field(default=None)
    score: float
    severity: Severity
    symbol: Optional[str] = Field(default=None)
    threshold: float


class AnomalyCase(BaseModel):
    account_ids: list[str]
    assignee: Optional[str] = Field(default=None)
    closed_at: Optional[datetime] = Field(default=None)
    component: Optional[str] = Field(default=None)
    disposition: Optional[AnomalyDisposition] = Field(default=None)
    finding_count: int
    found_at: datetime
    id: str
    kind: AnomalyKind
    note: Optional[str] = Field(default=None)
    number: int
    opened_at: datetime
    score: float
    severity: Severity
    status: AnomalyCaseStatus
    symbol: Optional[str] = Field(default=None)
    updated_at: datetime
    version: int


class AnomalyCaseEvent(BaseModel):
    anomaly_id: Optional[str] = Field(default=None)
    at: datetime
    by: str
    case: "AnomalyCaseEventCase"
    cursor: str
    kind: AnomalyCaseEventKind
    note: Optional[str] = Field(default=None)


class AnomalyCaseEventCase(AnomalyCase):
    pass


class AnomalyDetector(BaseModel):
    action: RiskAction
    description: str
    enabled: bool
    findings_24_h: int = Field(alias="findings24h")
    kind: AnomalyKind
    last_run_at: Optional[datetime] = Field(default=None)
    sensitivity: float
    warmup: int


class AnomalyDismissal(BaseModel):
    account_id: Optional[str] = Field(default=None)
    at: datetime
    by: str
    case_id: str
    component: Optional[str] = Field(default=None)
    id: str
    kind: AnomalyKind
    last_suppressed_at: Optional[datetime] = Field(default=None)
    max_score: float
    note: str
    suppressed: int
    symbol: Optional[str] = Field(default=None)


class ApiKey(BaseModel):
    account_ids: Optional[list[str]] = Field(default=None)
    addresses: list[str]
    created_at: datetime
    expires_at: Optional[datetime] = Field(default=None)
    id: str
    last_used_at: Optional[datetime] = Field(default=None)
    name: str
    prefix: str
    revoked_at: Optional[datetime] = Field(default=None)
    role: Role
    scopes: list[KeyScope]


class AuditEntry(BaseModel):
    action: str
    address: Optional[str] = Field(default=None)
    api_key_id: Optional[str] = Field(default=None)
    at: datetime
    by: str
    detail: Optional[Any] = Field(default=None)
    id: str
    request_id: Optional[str] = Field(default=None)
    result: AuditOutcome
    target: Optional[str] = Field(default=None)


class Bar(BaseModel):
    at: datetime
    close: Decimal
    high: Decimal
    interval: BarInterval
    low: Decimal
    open: Decimal
    symbol: str
    volume: Decimal


class BookBreak(BaseModel):
    booked: str
    derived: str
    order_id: Optional[str] = Field(default=None)
    position_id: Optional[str] = Field(default=None)
    transaction_id: Optional[str] = Field(default=None)
    what: str


class BookProof(BaseModel):
    account_id: str
    booked_cash: Decimal
    breaks: list["BookProofBreaks"]
    chain_intact: bool
    checked_at: datetime
    currency: str
    derived_cash: Decimal
    executions: int
    intact: bool
    transactions: int


class BookProofBreaks(BookBreak):
    pass


class BusiestMinute(BaseModel):
    at: datetime
    move: float
    notional: Decimal
    share: float
    side: Side
    symbol: str


class CalendarSession(BaseModel):
    closes: str
    day: SessionDay
    opens: str


class CancelAllAfterPayload(BaseModel):
    account_id: str
    triggers_at: Optional[datetime] = Field(default=None)
    unconfirmed_cancels: int


class CancelOrdersPayload(BaseModel):
    orders: list["CancelOrdersPayloadOrders"]
    unconfirmed_cancels: int


class CancelOrdersPayloadOrders(Order):
    pass


class ClosedTrade(BaseModel):
    closed_at: datetime
    currency: str
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal
    matched_pnl: Decimal
    opened_at: datetime
    quantity: Decimal
    realized_pnl: Decimal
    side: PositionSide
    symbol: str


class ComponentHealth(BaseModel):
    detail: Optional[str] = Field(default=None)
    latency_ms: Optional[float] = Field(default=None)
    name: str
    state: ComponentState


class CorporateAction(BaseModel):
    accounts_affected: int
    amount_per_unit: Optional[Decimal] = Field(default=None)
    applied_at: Optional[datetime] = Field(default=None)
    currency: str
    ex_date: date
    id: str
    kind: CorporateActionKind
    new_symbol: Optional[str] = Field(default=None)
    ratio: Optional[Decimal] = Field(default=None)
    symbol: str


class CreatedApiKey(BaseModel):
    api_key: "CreatedApiKeyApiKey"
    secret: str


class CreatedApiKeyApiKey(ApiKey):
    pass


class CurrencyStatistics(BaseModel):
    currency: str
    executions: int
    fees: Decimal
    notional: Decimal
    orders: int
    realized_pnl: Decimal


class PositionSnapshot(BaseModel):
    at: datetime
    average_price: Decimal
    currency: str
    mark_price: Optional[Decimal] = Field(default=None)
    quantity: Decimal
    realized_pnl: Decimal
    symbol: str
    unrealized_pnl: Decimal


class DailyStatement(BaseModel):
    account_id: str
    closing_equity: Decimal
    currency: str
    day: date
    deposits: Decimal
    dividends: Decimal
    executions: int
    fees: Decimal
    financing: Decimal
    opening_equity: Decimal
    positions: list["DailyStatementPositions"]
    realized_pnl: Decimal
    taxes: Decimal
    unrealized_pnl_change: Decimal
    withdrawals: Decimal


class DailyStatementPositions(PositionSnapshot):
    pass


class ReplayedFinding(BaseModel):
    account_id: Optional[str] = Field(default=None)
    detected_at: datetime
    evidence: Any
    expected: Optional[float] = Field(default=None)
    explanation: str
    is_found_now: bool
    observed: float
    score: float
    severity: Severity
    symbol: Optional[str] = Field(default=None)


class DetectorReplay(BaseModel):
    count: int
    count_now: int
    events: int
    findings: list["DetectorReplayFindings"]
    from_: datetime = Field(alias="from")
    is_complete: bool
    kind: AnomalyKind
    reached_at: datetime
    sensitivity: float
    threshold: float
    to: datetime
    warmup: int


class DetectorReplayFindings(ReplayedFinding):
    pass


class EquityPoint(BaseModel):
    at: datetime
    cash: Decimal
    currency: str
    equity: Decimal
    unrealized_pnl: Decimal


class ExposureBucket(BaseModel):
    key: str
    long_value: Decimal
    net_exposure: Decimal
    short_value: Decimal
    weight: Optional[float] = Field(default=None)


class FeeSchedule(BaseModel):
    maker_rate: Decimal
    minimum: Decimal
    per_unit: Decimal
    sell_tax_rate: Decimal
    taker_rate: Decimal


class HouseBalance(BaseModel):
    account: HouseAccount
    balance: Decimal


class Instrument(BaseModel):
    asset_class: AssetClass
    borrow_rate: Decimal
    calendar: str
    currency: str
    exchange: str
    fees: "InstrumentFees"
    funding_hours: list[int]
    funding_rate: Decimal
    id: str
    initial_margin_rate: Decimal
    inverse: bool
    lot_size: Decimal
    maintenance_margin_rate: Decimal
    max_quantity: Optional[Decimal] = Field(default=None)
    min_notional: Optional[Decimal] = Field(default=None)
    min_quantity: Decimal
    multiplier: Decimal
    name: str
    price_limit_rate: Optional[Decimal] = Field(default=None)
    session_open: bool
    settlement_cycle: SettlementCycle
    shortable: bool
    symbol: str
    tick_size: Decimal
    tradable: bool
    venue_symbol: Optional[str] = Field(default=None)


class InstrumentFees(FeeSchedule):
    pass


class InterestRate(BaseModel):
    currency: str
    loan_rate: Decimal
    updated_at: datetime


class RiskRule(BaseModel):
    account_id: Optional[str] = Field(default=None)
    action: RiskAction
    created_at: datetime
    created_by: Optional[str] = Field(default=None)
    enabled: bool
    id: str
    kind: RiskRuleKind
    name: str
    scope: RiskScope
    self_trade_prevention: Optional[SelfTradePrevention] = Field(default=None)
    strategy: Optional[str] = Field(default=None)
    symbol: Optional[str] = Field(default=None)
    threshold: Optional[Decimal] = Field(default=None)
    updated_at: datetime
    updated_by: Optional[str] = Field(default=None)
    version: int
    window_seconds: Optional[int] = Field(default=None)


class LimitUsage(BaseModel):
    limit: Decimal
    observed: Decimal
    rule: "LimitUsageRule"
    usage: float


class LimitUsageRule(RiskRule):
    pass


class NamedCount(BaseModel):
    count: int
    name: str


class NotificationChannel(BaseModel):
    account_ids: Optional[list[str]] = Field(default=None)
    enabled: bool
    escalate_after_minutes: Optional[int] = Field(default=None)
    id: str
    language: NotificationLanguage
    last_error: Optional[str] = Field(default=None)
    last_sent_at: Optional[datetime] = Field(default=None)
    min_severity: Severity
    name: str
    quiet_from: Optional[str] = Field(default=None)
    quiet_to: Optional[str] = Field(default=None)
    shared: bool
    timezone: str
    topics: list[NotificationTopic]
    url: str


class OpenSession(BaseModel):
    address: Optional[str] = Field(default=None)
    created_at: datetime
    current: bool
    device: Optional[str] = Field(default=None)
    expires_at: datetime
    id: str
    used_at: Optional[datetime] = Field(default=None)


class RiskViolation(BaseModel):
    action: RiskAction
    kind: RiskRuleKind
    limit: Optional[Decimal] = Field(default=None)
    message: str
    observed: Optional[Decimal] = Field(default=None)
    rule_id: Optional[str] = Field(default=None)


class OrderCheck(BaseModel):
    accepted: bool
    available_after: Decimal
    currency: str
    estimated_fee: Decimal
    reject_message: Optional[str] = Field(default=None)
    reject_reason: Optional[RejectReason] = Field(default=None)
    reservation: Decimal
    violations: list["OrderCheckViolations"]


class OrderCheckViolations(RiskViolation):
    pass


class OrderEvent(BaseModel):
    at: datetime
    by: Optional[str] = Field(default=None)
    cursor: str
    detail: Optional[Any] = Field(default=None)
    execution: Optional["OrderEventExecution"] = Field(default=None)
    kind: OrderEventKind
    order: "OrderEventOrder"
    status: OrderStatus


class OrderEventExecution(Execution):
    pass


class OrderEventOrder(Order):
    pass


class OrderGroupPayload(BaseModel):
    group_id: str
    orders: list["OrderGroupPayloadOrders"]


class OrderGroupPayloadOrders(Order):
    pass


class OrderPayload(BaseModel):
    order: "OrderPayloadOrder"
    replayed: bool


class OrderPayloadOrder(Order):
    pass


class SymbolStatistics(BaseModel):
    currency: str
    executions: int
    notional: Decimal
    orders: int
    quantity: Decimal
    realized_pnl: Decimal
    symbol: str


class OrderStatistics(BaseModel):
    average_seconds_to_first_fill: Optional[float] = Field(default=None)
    average_slippage_bps: Optional[float] = Field(default=None)
    by_currency: list["OrderStatisticsByCurrency"]
    by_symbol: list["OrderStatisticsBySymbol"]
    cancel_rate: Optional[float] = Field(default=None)
    canceled: int
    expired: int
    fill_rate: Optional[float] = Field(default=None)
    filled: int
    open: int
    reject_rate: Optional[float] = Field(default=None)
    rejected: int
    total: int


class OrderStatisticsByCurrency(CurrencyStatistics):
    pass


class OrderStatisticsBySymbol(SymbolStatistics):
    pass


class OrdersPayload(BaseModel):
    accepted: int
    rejected: int
    results: list["OrdersPayloadResults"]


class OrdersPayloadResults(OrderPayload):
    pass


class PageInfo(BaseModel):
    end_cursor: Optional[str] = Field(default=None)
    has_next_page: bool
    has_previous_page: bool
    start_cursor: Optional[str] = Field(default=None)


class PerformanceReport(BaseModel):
    annualized_return: Optional[float] = Field(default=None)
    annualized_volatility: Optional[float] = Field(default=None)
    average_loss: Optional[Decimal] = Field(default=None)
    average_win: Optional[Decimal] = Field(default=None)
    calmar: Optional[float] = Field(default=None)
    closed_trades: int
    currency: str
    fees_paid: Decimal
    largest_loss: Optional[Decimal] = Field(default=None)
    largest_win: Optional[Decimal] = Field(default=None)
    max_drawdown: float
    max_drawdown_amount: Decimal
    max_drawdown_seconds: float
    profit_factor: Optional[float] = Field(default=None)
    sharpe: Optional[float] = Field(default=None)
    sortino: Optional[float] = Field(default=None)
    total_return: float
    turnover: Decimal
    win_rate: Optional[float] = Field(default=None)


class PositionPnl(BaseModel):
    mark_price: Optional[Decimal] = Field(default=None)
    quantity: Decimal
    realized_pnl: Decimal
    symbol: str
    unrealized_pnl: Decimal


class PnlUpdate(BaseModel):
    account_id: str
    at: datetime
    available: Decimal
    cash: Decimal
    currency: str
    day_pnl: Decimal
    equity: Decimal
    margin_ratio: Optional[Decimal] = Field(default=None)
    positions: list["PnlUpdatePositions"]
    realized_pnl: Decimal
    unrealized_pnl: Decimal


class PnlUpdatePositions(PositionPnl):
    pass


class PositionFreeze(BaseModel):
    by: Optional[str] = Field(default=None)
    quantity: Decimal
    role: Role


class Position(BaseModel):
    account: "PositionAccount"
    average_price: Decimal
    closable: Decimal
    closed_at: Optional[datetime] = Field(default=None)
    currency: str
    fees_paid: Decimal
    freezes: list["PositionFreezes"]
    frozen: Decimal
    fx_rate: Decimal
    id: str
    initial_margin: Decimal
    liquidation_price: Optional[Decimal] = Field(default=None)
    mark_price: Optional[Decimal] = Field(default=None)
    market_value: Decimal
    opened_at: Optional[datetime] = Field(default=None)
    quantity: Decimal
    realized_pnl: Decimal
    side: PositionSide
    symbol: str
    today_quantity: Decimal
    unrealized_pnl: Decimal
    updated_at: datetime
    weight: Optional[float] = Field(default=None)


class PositionAccount(BaseModel):
    id: str
    name: str
    currency: str


class PositionFreezes(PositionFreeze):
    pass


class PositionSummary(BaseModel):
    account_id: str
    by_asset_class: list["PositionSummaryByAssetClass"]
    by_currency: list["PositionSummaryByCurrency"]
    by_symbol: list["PositionSummaryBySymbol"]
    count: int
    currency: str
    gross_exposure: Decimal
    largest_weight: Optional[float] = Field(default=None)
    leverage: Decimal
    long_value: Decimal
    net_exposure: Decimal
    realized_pnl: Decimal
    short_value: Decimal
    unrealized_pnl: Decimal


class PositionSummaryByAssetClass(ExposureBucket):
    pass


class PositionSummaryByCurrency(ExposureBucket):
    pass


class PositionSummaryBySymbol(ExposureBucket):
    pass


class ProgramTradingAccount(BaseModel):
    account_id: str
    behaviours: list[WatchedBehaviour]
    busiest_minute: Optional["ProgramTradingAccountBusiestMinute"] = Field(default=None)
    cancel_ratio: Optional[float] = Field(default=None)
    cancels: int
    currency: str
    instant_cancels: int
    orders: int
    peak_at: Optional[datetime] = Field(default=None)
    peak_messages: int
    pushes: int


class ProgramTradingAccountBusiestMinute(BusiestMinute):
    pass


class ProgramTradingReport(BaseModel):
    accounts: list["ProgramTradingReportAccounts"]
    from_: datetime = Field(alias="from")
    is_complete: bool
    to: datetime


class ProgramTradingReportAccounts(ProgramTradingAccount):
    pass


class Quote(BaseModel):
    ask: Optional[Decimal] = Field(default=None)
    ask_size: Optional[Decimal] = Field(default=None)
    at: datetime
    bid: Optional[Decimal] = Field(default=None)
    bid_size: Optional[Decimal] = Field(default=None)
    last: Optional[Decimal] = Field(default=None)
    last_size: Optional[Decimal] = Field(default=None)
    previous_close: Optional[Decimal] = Field(default=None)
    stale: bool
    symbol: str
    volume: Optional[Decimal] = Field(default=None)


class RiskEvent(BaseModel):
    account_id: Optional[str] = Field(default=None)
    acknowledged_by: Optional[str] = Field(default=None)
    action_taken: Optional[RiskAction] = Field(default=None)
    at: datetime
    cleared_at: Optional[datetime] = Field(default=None)
    cursor: str
    event_kind: Optional[RiskEventKind] = Field(default=None)
    id: str
    limit: Optional[Decimal] = Field(default=None)
    message: str
    note: Optional[str] = Field(default=None)
    observed: Optional[Decimal] = Field(default=None)
    order_id: Optional[str] = Field(default=None)
    origin: RiskEventOrigin
    resolved_at: Optional[datetime] = Field(default=None)
    rule_id: Optional[str] = Field(default=None)
    severity: Severity
    state: RiskEventState
    symbol: Optional[str] = Field(default=None)


class RiskMetrics(BaseModel):
    account_id: str
    currency: str
    day_pnl: Decimal
    day_pnl_ratio: Optional[float] = Field(default=None)
    drawdown: float
    equity: Decimal
    expected_shortfall_95: Optional[Decimal] = Field(default=None)
    gross_exposure: Decimal
    largest_concentration: Optional[float] = Field(default=None)
    leverage: Decimal
    limits: list["RiskMetricsLimits"]
    margin_ratio: Optional[Decimal] = Field(default=None)
    max_drawdown: float
    net_exposure: Decimal
    open_orders: int
    orders_last_minute: int
    value_at_risk_95: Optional[Decimal] = Field(default=None)


class RiskMetricsLimits(LimitUsage):
    pass


class TaskRun(BaseModel):
    attempt: int
    cause: TaskRunCause
    due_at: datetime
    duration_ms: Optional[float] = Field(default=None)
    error: Optional[str] = Field(default=None)
    finished_at: Optional[datetime] = Field(default=None)
    id: str
    requested_by: Optional[str] = Field(default=None)
    result: Optional[Any] = Field(default=None)
    started_at: Optional[datetime] = Field(default=None)
    state: TaskRunState
    task: str


class ScheduledTask(BaseModel):
    catch_up: bool
    cron: Optional[str] = Field(default=None)
    description: str
    enabled: bool
    id: str
    interval_seconds: Optional[int] = Field(default=None)
    last_run: Optional["ScheduledTaskLastRun"] = Field(default=None)
    max_retries: int
    name: str
    next_run_at: Optional[datetime] = Field(default=None)
    timeout_seconds: int
    timezone: str
    trigger: TriggerKind
    version: int


class ScheduledTaskLastRun(TaskRun):
    pass


class User(BaseModel):
    active: bool
    created_at: datetime
    email: str
    id: str
    name: str
    preferences: Optional[Any] = Field(default=None)
    role: Role
    two_factor: bool


class Session(BaseModel):
    access_token: str
    expires_at: datetime
    refresh_token: str
    user: "SessionUser"


class SessionUser(User):
    pass


class StreamCursors(BaseModel):
    anomalies: str
    anomaly_cases: str
    risk_events: str


class SystemHealth(BaseModel):
    checked_at: datetime
    components: list["SystemHealthComponents"]
    started_at: datetime
    state: ComponentState
    version: str


class SystemHealthComponents(ComponentHealth):
    pass


class SystemMetrics(BaseModel):
    at: datetime
    cpu_percent: float
    database_connections: int
    disk_percent: float
    error_rate: float
    event_lag_ms: Optional[float] = Field(default=None)
    executions_per_second: float
    latency_p_50_ms: Optional[float] = Field(default=None)
    latency_p_99_ms: Optional[float] = Field(default=None)
    load_average: float
    memory_bytes: float
    memory_percent: float
    open_orders: int
    order_to_fill_p_50_ms: Optional[float] = Field(default=None)
    order_to_fill_p_99_ms: Optional[float] = Field(default=None)
    orders_last_minute: list["SystemMetricsOrdersLastMinute"]
    orders_per_second: float
    queue_depth: int
    rejects_last_minute: list["SystemMetricsRejectsLastMinute"]
    requests_per_second: float
    subscriptions: int


class SystemMetricsOrdersLastMinute(NamedCount):
    pass


class SystemMetricsRejectsLastMinute(NamedCount):
    pass


class TradingCalendar(BaseModel):
    closed: list[date]
    code: str
    days_of: Optional[str] = Field(default=None)
    last_day: Optional[date] = Field(default=None)
    name: str
    sessions: list["TradingCalendarSessions"]
    source: str
    time_zone: str


class TradingCalendarSessions(CalendarSession):
    pass


class TradingHalt(BaseModel):
    account_id: Optional[str] = Field(default=None)
    at: datetime
    by: str
    id: str
    lift_reason: Optional[str] = Field(default=None)
    lifted_at: Optional[datetime] = Field(default=None)
    lifted_by: Optional[str] = Field(default=None)
    reason: str
    role: Role
    scope: RiskScope
    strategy: Optional[str] = Field(default=None)
    symbol: Optional[str] = Field(default=None)
    unconfirmed_cancels: Optional[int] = Field(default=None)


class TrialBalance(BaseModel):
    accounts: Decimal
    currency: str
    difference: Decimal
    house: list["TrialBalanceHouse"]


class TrialBalanceHouse(HouseBalance):
    pass


class TwoFactorSetup(BaseModel):
    secret: str
    uri: str
