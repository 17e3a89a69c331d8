"""Display preferences of people: JSON that the platform stores and does not read.

Each person has one object. Saving replaces only the given keys, so two pages that save different keys do not undo each
other. Nobody sees another person's preferences.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from domain.access import preference_store, user_store
from domain.access.audit import record, target_of
from domain.access.service import Access
from domain.access.types import Actor
from domain.kernel.errors import BadInput
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work

MAX_KEYS = 100
MAX_BYTES = 256_000
_FIELD = "preferences"
_NONE = "{}"


async def read_preferences(user_id: UUID) -> str:
    """A person's preferences as JSON text."""
    return await preference_store.read_content(user_id) or _NONE


async def save_preferences(access: Access, actor: Actor, change: object) -> str:
    """Set the keys that ``change`` gives, remove those that it gives as null, and return all preferences.

    Raises:
        BadInput: it is no object, or the preferences would be too many or too large.
    """
    if not isinstance(change, Mapping):
        raise BadInput("Preferences are a JSON object.", field=_FIELD)
    async with unit_of_work(access.bus) as work:
        await user_store.lock_user(work, actor.user_id)
        saved = await _write(work, actor.user_id, change)
        told = {"keys": sorted(map(str, change))[:MAX_KEYS]}
        await record(work, actor, "savePreferences", target_of("user", actor.user_id), detail=told)
    return saved


async def _write(work: UnitOfWork, user_id: UUID, change: Mapping[str, Any]) -> str:
    stored = await preference_store.load_content(work, user_id)
    before: dict[str, Any] = orjson.loads(stored or _NONE)
    after = {key: value for key, value in {**before, **change}.items() if value is not None}
    if len(after) > MAX_KEYS:
        raise BadInput(f"There are at most {MAX_KEYS} preferences.", field=_FIELD)
    try:
        text = orjson.dumps(after)
    except orjson.JSONEncodeError as error:
        raise BadInput("This JSON cannot be stored.", field=_FIELD) from error
    if len(text) > MAX_BYTES:
        raise BadInput(f"Preferences have at most {MAX_BYTES} bytes.", field=_FIELD)
    await preference_store.write_content(work, user_id, text.decode(), is_new=stored is None)
    return text.decode()
