"""Objects with an identifier that finds them again: the interface ``Node`` of the Relay server specification."""

from collections.abc import Mapping
from typing import Any, Final

import strawberry
from strawberry.types import get_object_definition

from domain.accounts.types import Transaction
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.types import Case, Dismissal
from domain.market.actions import CorporateAction
from domain.market.types import Instrument
from domain.orders.model.order import Execution, Order
from domain.positions.values import AccountValue, PositionValue
from domain.risk.types import RiskEvent, RiskRule, TradingHalt
from domain.system.nodes import NodeKind

# The kinds whose sources are the domain's own values; those of the others say themselves what they are.
_KINDS: Final[Mapping[type, NodeKind]] = {
    AccountValue: NodeKind.ACCOUNT,
    Anomaly: NodeKind.ANOMALY,
    Case: NodeKind.ANOMALY_CASE,
    Dismissal: NodeKind.ANOMALY_DISMISSAL,
    CorporateAction: NodeKind.CORPORATE_ACTION,
    Execution: NodeKind.EXECUTION,
    Instrument: NodeKind.INSTRUMENT,
    Order: NodeKind.ORDER,
    PositionValue: NodeKind.POSITION,
    RiskEvent: NodeKind.RISK_EVENT,
    RiskRule: NodeKind.RISK_RULE,
    TradingHalt: NodeKind.TRADING_HALT,
    Transaction: NodeKind.TRANSACTION,
}


@strawberry.interface(description="An object with an id that is unique among all objects.")
class Node:
    """Types that ``node`` finds."""

    id: strawberry.ID = strawberry.field(description="Its id, for `node`, as long as you may see the object.")

    @classmethod
    def resolve_type(cls, value: object, *_: Any) -> str:
        """The name of the type that shows a value."""
        kind = _KINDS.get(type(value))
        return str(kind) if kind is not None else get_object_definition(value, strict=True).name
