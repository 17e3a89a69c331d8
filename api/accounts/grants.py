"""The type of a grant in the schema, apart from the others because it leads to accounts, which lead to users."""

from datetime import datetime

import strawberry

from api.access.enums import AccountPermission
from api.accounts.types import Account, account_view
from api.context import Info
from domain.access.types import Grant, no_account


@strawberry.type(description="Access of a person to an account of another owner.")
class AccountGrant:
    """A view of ``domain.access.types.Grant``."""

    permission: AccountPermission
    granted_at: datetime
    granted_by: str | None = strawberry.field(
        description="Email of the person who granted it; null if it was not recorded."
    )

    @strawberry.field(description="The account that was opened to the person.")
    @staticmethod
    async def account(grant: strawberry.Parent[Grant], info: Info) -> Account:
        """Loaded with the accounts of all grants of the operation."""
        value = await info.context.load(info.context.services.books.read, grant.account_id)
        if value is None:
            raise no_account()
        return account_view(value)
