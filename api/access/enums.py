"""The domain's own enums, given to the schema; the views of the area import them from here, so that they are known."""

import strawberry

from domain.access.types import AccountPermission, AuditOutcome, KeyScope, Role

__all__ = ["AccountPermission", "AuditOutcome", "KeyScope", "Role"]

strawberry.enum(AuditOutcome, description="How an audited action ended.")
strawberry.enum(
    Role,
    description="What a person is. A RISK_MANAGER stops and cancels in every account; it opens no position and moves "
    "no money. A lower role lifts nothing that a higher one restricted.",
)
strawberry.enum(
    AccountPermission,
    description="What a grant lets its holder do with an account: see it, trade it, or pay in and out. "
    "TRADE and FUNDS are apart; each lets the account be seen.",
)
strawberry.enum(KeyScope, description="A kind of operations that an API key may be limited to.")
