"""Second factors in the database. Each function is called with the user locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from domain.access import models
from domain.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor: the encrypted secret if one was begun, when it came into force, the last step used."""

    sealed: str | None
    confirmed_at: datetime | None
    last_step: int | None


async def read_factor(work: UnitOfWork, user_id: UUID) -> Factor:
    """The second factor of a user."""
    row = await models.User.get(id=user_id, using_db=await work.orm())
    return Factor(row.totp_sealed, row.totp_confirmed_at, row.totp_last_step)


async def write_secret(work: UnitOfWork, user_id: UUID, sealed: str) -> None:
    """Store a secret that is not in force yet."""
    await _update(work, user_id, totp_sealed=sealed, totp_confirmed_at=None, totp_last_step=None)


async def confirm(work: UnitOfWork, user_id: UUID, step: int, code_hashes: Sequence[str]) -> None:
    """Put the secret in force, with recovery codes."""
    hashes = orjson.dumps(list(code_hashes)).decode()
    await _update(work, user_id, totp_confirmed_at=work.now, totp_last_step=step, recovery_hashes=hashes)


async def use_step(work: UnitOfWork, user_id: UUID, step: int) -> None:
    """Codes of this step and of earlier ones do not work again."""
    await _update(work, user_id, totp_last_step=step)


async def use_recovery_code(work: UnitOfWork, user_id: UUID, code_hash: str) -> bool:
    """Remove a recovery code; False when there is none like that."""
    row = await models.User.get(id=user_id, using_db=await work.orm())
    hashes = orjson.loads(row.recovery_hashes or "[]")
    if code_hash not in hashes:
        return False
    hashes.remove(code_hash)
    await _update(work, user_id, recovery_hashes=orjson.dumps(hashes).decode())
    return True


async def remove(work: UnitOfWork, user_id: UUID) -> None:
    """Remove the secret and all recovery codes."""
    gone = dict.fromkeys(("totp_sealed", "totp_confirmed_at", "totp_last_step", "recovery_hashes"))
    await _update(work, user_id, **gone)


async def _update(work: UnitOfWork, user_id: UUID, **columns: object) -> None:
    await models.User.filter(id=user_id).using_db(await work.orm()).update(**columns)
