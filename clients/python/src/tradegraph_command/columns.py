"""The columns of tables, each kind in one place."""

from typing import Final

from tradegraph_client.types import (
    Account,
    AccountEvent,
    LimitUsage,
    Order,
    Position,
    Quote,
    RiskEvent,
    RiskMetrics,
    TradingHalt,
)
from tradegraph_command.output import Column


def _quantity(event: AccountEvent) -> object:
    """The quantity of the execution, or else of the order, that an event is about."""
    about = event.execution or event.order
    return about.quantity if about is not None else None


ACCOUNTS: Final = (
    Column[Account]("ACCOUNT", lambda row: row.id),
    Column[Account]("NAME", lambda row: row.name),
    Column[Account]("KIND", lambda row: row.kind),
    Column[Account]("STATE", lambda row: row.state),
    Column[Account]("CURRENCY", lambda row: row.currency),
    Column[Account]("CASH", lambda row: row.cash),
    Column[Account]("EQUITY", lambda row: row.equity),
    Column[Account]("AVAILABLE", lambda row: row.available),
    Column[Account]("DAY PNL", lambda row: row.day_pnl),
    Column[Account]("UNREALIZED", lambda row: row.unrealized_pnl),
)
ORDERS: Final = (
    Column[Order]("ORDER", lambda row: row.id),
    Column[Order]("TIME", lambda row: row.created_at),
    Column[Order]("SYMBOL", lambda row: row.symbol),
    Column[Order]("SIDE", lambda row: row.side),
    Column[Order]("TYPE", lambda row: row.type_),
    Column[Order]("QUANTITY", lambda row: row.quantity),
    Column[Order]("FILLED", lambda row: row.filled_quantity),
    Column[Order]("LIMIT", lambda row: row.limit_price),
    Column[Order]("STOP", lambda row: row.stop_price),
    Column[Order]("AVERAGE", lambda row: row.average_price),
    Column[Order]("STATUS", lambda row: row.status if row.pending_action is None else f"{row.status}*"),
    Column[Order]("REASON", lambda row: row.reject_message),
)
POSITIONS: Final = (
    Column[Position]("SYMBOL", lambda row: row.symbol),
    Column[Position]("SIDE", lambda row: row.side),
    Column[Position]("QUANTITY", lambda row: row.quantity),
    Column[Position]("CLOSABLE", lambda row: row.closable),
    Column[Position]("AVERAGE", lambda row: row.average_price),
    Column[Position]("MARK", lambda row: row.mark_price),
    Column[Position]("VALUE", lambda row: row.market_value),
    Column[Position]("UNREALIZED", lambda row: row.unrealized_pnl),
    Column[Position]("REALIZED", lambda row: row.realized_pnl),
    Column[Position]("CURRENCY", lambda row: row.account.currency),
)
QUOTES: Final = (
    Column[Quote]("SYMBOL", lambda row: row.symbol),
    Column[Quote]("BID", lambda row: row.bid),
    Column[Quote]("SIZE", lambda row: row.bid_size),
    Column[Quote]("ASK", lambda row: row.ask),
    Column[Quote]("SIZE", lambda row: row.ask_size),
    Column[Quote]("LAST", lambda row: row.last),
    Column[Quote]("TIME", lambda row: row.at),
    Column[Quote]("STALE", lambda row: row.stale),
)
EVENTS: Final = (
    Column[AccountEvent]("TIME", lambda row: row.at),
    Column[AccountEvent]("ACCOUNT", lambda row: row.account_id),
    Column[AccountEvent]("EVENT", lambda row: row.kind),
    Column[AccountEvent]("SYMBOL", lambda row: row.order.symbol if row.order else None),
    Column[AccountEvent]("SIDE", lambda row: row.order.side if row.order else None),
    Column[AccountEvent]("QUANTITY", _quantity),
    Column[AccountEvent]("PRICE", lambda row: row.execution.price if row.execution else None),
    Column[AccountEvent]("CASH", lambda row: row.cash),
    Column[AccountEvent]("BY", lambda row: row.by),
    Column[AccountEvent]("REASON", lambda row: row.reason or (row.order.reject_message if row.order else None)),
)
RISK: Final = (
    Column[RiskMetrics]("EQUITY", lambda row: row.equity),
    Column[RiskMetrics]("CURRENCY", lambda row: row.currency),
    Column[RiskMetrics]("GROSS", lambda row: row.gross_exposure),
    Column[RiskMetrics]("NET", lambda row: row.net_exposure),
    Column[RiskMetrics]("LEVERAGE", lambda row: row.leverage),
    Column[RiskMetrics]("MARGIN RATIO", lambda row: row.margin_ratio),
    Column[RiskMetrics]("DAY PNL", lambda row: row.day_pnl),
    Column[RiskMetrics]("DRAWDOWN", lambda row: row.drawdown),
    Column[RiskMetrics]("VAR 95", lambda row: row.value_at_risk_95),
    Column[RiskMetrics]("OPEN ORDERS", lambda row: row.open_orders),
)
LIMITS: Final = (
    Column[LimitUsage]("LIMIT", lambda row: row.rule.name),
    Column[LimitUsage]("KIND", lambda row: row.rule.kind),
    Column[LimitUsage]("OBSERVED", lambda row: row.observed),
    Column[LimitUsage]("AT MOST", lambda row: row.limit),
    Column[LimitUsage]("USED", lambda row: row.usage),
    Column[LimitUsage]("ACTION", lambda row: row.rule.action),
)
RISK_EVENTS: Final = (
    Column[RiskEvent]("TIME", lambda row: row.at),
    Column[RiskEvent]("SEVERITY", lambda row: row.severity),
    Column[RiskEvent]("EVENT", lambda row: row.event_kind),
    Column[RiskEvent]("SYMBOL", lambda row: row.symbol),
    Column[RiskEvent]("STATE", lambda row: row.state),
    Column[RiskEvent]("MESSAGE", lambda row: row.message),
)
HALTS: Final = (
    Column[TradingHalt]("HALT", lambda row: row.id),
    Column[TradingHalt]("SINCE", lambda row: row.at),
    Column[TradingHalt]("SCOPE", lambda row: row.scope),
    Column[TradingHalt]("ACCOUNT", lambda row: row.account_id),
    Column[TradingHalt]("SYMBOL", lambda row: row.symbol),
    Column[TradingHalt]("STRATEGY", lambda row: row.strategy),
    Column[TradingHalt]("BY", lambda row: row.by),
    Column[TradingHalt]("REASON", lambda row: row.reason),
)
