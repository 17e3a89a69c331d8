"""The domain's own enums, given to the schema; the views of the area import them from here, so that they are known."""

import strawberry

from domain.access.types import AccountPermission, Role

__all__ = ["AccountPermission", "Role"]

strawberry.enum(Role, description="What a person may do; each role may do all that the one before it may.")
strawberry.enum(AccountPermission, description="What a grant lets its holder do with an account.")
