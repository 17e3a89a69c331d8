"""Inputs about people and access."""

from datetime import datetime

import strawberry

from api.access.enums import AccountPermission, KeyScope, Role
from api.ids import named
from domain.access.keys import KeyWish


@strawberry.input(description="Credentials of a person.")
class LoginInput:
    """Email and password."""

    email: str
    password: str
    code: str | None = None


@strawberry.input(description="A person to add. The password has 12 to 128 characters.")
class CreateUserInput:
    """All that a new user needs."""

    email: str
    name: str
    password: str
    role: Role = Role.TRADER


@strawberry.input(description="Changes of a user; absent fields stay unchanged.")
class UpdateUserInput:
    """A null field is the same as an omitted one."""

    id: strawberry.ID
    name: str | None = None
    role: Role | None = None
    active: bool | None = None
    password: str | None = None


@strawberry.input(description="Access of a person to an account.")
class GrantAccountInput:
    """A permission of a user for an account."""

    user_id: strawberry.ID
    account_id: strawberry.ID
    permission: AccountPermission


@strawberry.input(
    description="A key to make for yourself. Its role is capped at your own: TRADER of a VIEWER is VIEWER; a higher "
    "role, a scope or an account that you do not have is refused."
)
class CreateApiKeyInput:
    """A key without an expiry works until it is revoked."""

    name: str
    role: Role = Role.TRADER
    expires_at: datetime | None = None
    scopes: list[KeyScope] | None = None
    accounts: list[strawberry.ID] | None = None
    addresses: list[str] | None = None

    def wish(self) -> KeyWish:
        """The limits, as the domain takes them."""
        accounts = None if self.accounts is None else [named(each) for each in self.accounts]
        return KeyWish(self.scopes, accounts, self.addresses)
