"""The domain's own enums, registered in the schema; the area's types import them from here."""

import strawberry

from domain.access.types import AccountPermission, AuditOutcome, KeyScope, Role

__all__ = ["AccountPermission", "AuditOutcome", "KeyScope", "Role"]

strawberry.enum(AuditOutcome, description="Outcome of an audited action.")
strawberry.enum(
    Role,
    description=(
        "Role of a person. A RISK_MANAGER stops and cancels in every account; it opens no position and moves "
        "no money. A lower role cannot lift a restriction of a higher one."
    ),
)
strawberry.enum(
    AccountPermission,
    description=(
        "Permission of a grant: to see an account, to trade it, or to deposit and withdraw. TRADE and FUNDS "
        "are independent; each includes seeing the account."
    ),
)
strawberry.enum(KeyScope, description="A kind of operations that an API key may be limited to.")
