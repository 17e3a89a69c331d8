"""The account that the first start of a simulated market opens: the first tabs of the explorer can be run at once."""

from decimal import Decimal
from typing import Final

from adapters.wiring import ProcessServices
from domain.access.types import Actor
from domain.access.user_store import find_user_by_email
from domain.accounts.service import MoveCash, OpenAccount, deposit, open_account
from domain.accounts.types import AccountKind
from domain.risk.defaults import add_default_rules

_CASH: Final = Decimal(100_000)


async def open_demo_account(services: ProcessServices, email: str) -> None:
    """Open an account for this person and put money into it."""
    user = await find_user_by_email(email)
    assert user is not None, "the first administrator was just made"
    actor = Actor(user.id, user.email, user.role)
    command = OpenAccount(name="Demo", currency="USDT", kind=AccountKind.MARGIN)
    book = await open_account(services.access, actor, command, venues=services.venues, also=add_default_rules)
    cash = MoveCash(book.id, _CASH, "demo", "For trying things out.")
    await deposit(services.bus, actor, cash, note_flow=services.books.note_flow)
