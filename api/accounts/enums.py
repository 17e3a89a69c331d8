"""The enums of the area, registered once with their names in the schema."""

import strawberry

from domain.accounts.types import AccountKind, AccountState, HouseAccount, PositionMode, TransactionKind

__all__ = [
    "AccountKind",
    "AccountState",
    "HouseAccount",
    "PositionMode",
    "TransactionKind",
]

strawberry.enum(AccountKind, description="CASH pays in full and never goes short; MARGIN trades on initial margin.")
strawberry.enum(AccountState, description="State of an account, which limits its operations.")
strawberry.enum(
    HouseAccount,
    description="The house account on the other side of a transaction: per currency the whole platform sums to zero.",
)
strawberry.enum(PositionMode, description="One signed position per symbol, or a long and a short beside each other.")
strawberry.enum(TransactionKind, description="Reason of a movement of money.")
