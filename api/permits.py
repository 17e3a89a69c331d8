"""Who may see a stream."""

from collections.abc import Callable
from uuid import UUID

from domain.access.types import Actor, require_read


def reads_account(account_id: UUID) -> Callable[[Actor], None]:
    """Whoever may read the account may see its streams."""

    def permit(actor: Actor) -> None:
        require_read(actor, account_id)

    return permit
