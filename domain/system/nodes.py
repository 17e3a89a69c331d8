"""Objects with an identifier of their own, and their visibility. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.access.types import Actor, Role


class NodeKind(StrEnum):
    """The kind of an object with an identifier, by its name in the API."""

    ACCOUNT = "Account"
    ANOMALY = "Anomaly"
    ANOMALY_CASE = "AnomalyCase"
    ANOMALY_DISMISSAL = "AnomalyDismissal"
    API_KEY = "ApiKey"
    CORPORATE_ACTION = "CorporateAction"
    EXECUTION = "Execution"
    INSTRUMENT = "Instrument"
    OPEN_SESSION = "OpenSession"
    ORDER = "Order"
    POSITION = "Position"
    RISK_EVENT = "RiskEvent"
    RISK_RULE = "RiskRule"
    TASK_RUN = "TaskRun"
    TRADING_HALT = "TradingHalt"
    TRANSACTION = "AccountTransaction"
    USER = "User"


@dataclass(frozen=True, slots=True)
class FoundNode:
    """Something that is there: ``accounts`` are those that it belongs to, of a user all that it owns."""

    id: UUID
    kind: NodeKind
    accounts: tuple[UUID, ...] = ()
    user_id: UUID | None = None


# Those of no account that everybody who is signed in sees.
_SHARED = frozenset({NodeKind.RISK_EVENT, NodeKind.RISK_RULE, NodeKind.TRADING_HALT})
# A case says itself for whom it is, when it is loaded.
_PUBLIC = frozenset({NodeKind.INSTRUMENT, NodeKind.CORPORATE_ACTION, NodeKind.ANOMALY_CASE})


def operates(actor: Actor) -> bool:
    """True if the actor may see operators' objects: scheduled tasks, their runs, dismissals."""
    return actor.role in (Role.RISK_MANAGER, Role.ADMIN)


def may_find(actor: Actor, node: FoundNode) -> bool:
    """True if an object exists for the actor."""
    match node.kind:
        case kind if kind in _PUBLIC:
            return True
        case NodeKind.API_KEY | NodeKind.OPEN_SESSION:
            return node.user_id == actor.user_id
        case NodeKind.TASK_RUN | NodeKind.ANOMALY_DISMISSAL:
            return operates(actor)
        case NodeKind.USER if node.user_id == actor.user_id or actor.role is Role.ADMIN:
            return True
        case kind if kind in _SHARED and not node.accounts:
            return True
        case NodeKind.ANOMALY if not node.accounts:
            return actor.sees_all
    return any(actor.may_read(account_id) for account_id in node.accounts)
