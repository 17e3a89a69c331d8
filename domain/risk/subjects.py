"""Subjects of rules and halts: each scope names exactly an account, a symbol or a strategy, or nothing."""

from typing import Protocol
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.accounts.store import account_exists
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.instrument_store import instrument_exists
from domain.market.market import Market
from domain.risk.types import RiskScope

_SUBJECTS = {
    RiskScope.ACCOUNT: ("account_id", "accountId"),
    RiskScope.INSTRUMENT: ("symbol", "symbol"),
    RiskScope.STRATEGY: ("strategy", "strategy"),
}
_MAX_STRATEGY = 100


class Scoped(Protocol):
    """A rule or halt with a scope."""

    @property
    def scope(self) -> RiskScope:
        """The scope."""
        ...

    @property
    def account_id(self) -> UUID | None:
        """The account for the scope ACCOUNT."""
        ...

    @property
    def symbol(self) -> str | None:
        """The symbol for the scope INSTRUMENT."""
        ...

    @property
    def strategy(self) -> str | None:
        """The strategy for the scope STRATEGY."""
        ...


def check_subject(scoped: Scoped, *, names_symbol: bool = False) -> None:
    """Refuse a missing or superfluous subject; with ``names_symbol`` every scope needs a symbol.

    Raises:
        BadInput: names the field.
    """
    for scope, (name, field) in _SUBJECTS.items():
        given = getattr(scoped, name) is not None
        needed = scoped.scope is scope or (names_symbol and field == "symbol")
        if given and not needed:
            raise BadInput(f"The scope {scoped.scope} takes no {field}.", field=field)
        if needed and not given:
            raise BadInput(f"The scope {scoped.scope} needs its {field}.", field=field)
    if scoped.strategy is not None:
        clean_text(scoped.strategy, field="strategy", max_length=_MAX_STRATEGY)


async def check_exists(work: UnitOfWork, scoped: Scoped) -> None:
    """Refuse an account or symbol that does not exist.

    Raises:
        NotFound: names the field.
    """
    if scoped.account_id is not None and not await account_exists(work, scoped.account_id):
        raise NotFound("There is no such account.", field="accountId")
    if scoped.symbol is not None and not await instrument_exists(work, scoped.symbol):
        raise NotFound("There is no such instrument.", field="symbol")


class SubjectSearch(Protocol):
    """A search of rules or halts by their subject; None asks for any."""

    @property
    def account_id(self) -> UUID | None:
        """The account."""
        ...

    @property
    def symbol(self) -> str | None:
        """The symbol."""
        ...


async def check_search(market: Market, actor: Actor, search: SubjectSearch) -> None:
    """Check that the subject of a search exists for the actor: a typing error must not give an empty list.

    Raises:
        NotFound: names the field.
    """
    if search.account_id is not None:
        await require_account(actor, search.account_id)
    if search.symbol is not None:
        await market.find(search.symbol)
