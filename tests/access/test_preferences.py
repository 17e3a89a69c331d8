import asyncio

import orjson
import pytest

from domain.access.preferences import MAX_BYTES, MAX_KEYS, read_preferences, save_preferences
from domain.access.service import Access
from domain.access.types import Role
from domain.kernel.errors import BadInput
from tests.access.test_graphql import Client
from tests.support.people import join, stored

SAVE = "mutation ($given: JSON!) { savePreferences(preferences: $given) }"
READ = "{ viewer { preferences } }"


async def test_preferences_are_merged_and_null_removes_one(access: Access) -> None:
    ann = await join(access, "ann", Role.VIEWER)
    client = Client(access)
    assert await client.data(READ, ann) == {"viewer": {"preferences": {}}}
    first = {"theme": "dark", "desk": {"panels": [1, 2.5, "三"]}}
    assert await client.data(SAVE, ann, given=first) == {"savePreferences": first}
    saved = {"theme": "light", "language": "zh"}
    assert await client.data(SAVE, ann, given={**saved, "desk": None}) == {"savePreferences": saved}
    assert await client.data(READ, ann) == {"viewer": {"preferences": saved}}


async def test_preferences_are_visible_to_their_owner_only(access: Access) -> None:
    root, ann = await join(access, "root", Role.ADMIN), await join(access, "ann")
    client = Client(access)
    await client.data(SAVE, ann, given={"theme": "dark"})
    answer = await client.data("{ users { edges { node { email preferences } } } }", root)
    seen = {edge["node"]["email"]: edge["node"]["preferences"] for edge in answer["users"]["edges"]}
    assert seen == {"root@example.com": {}, "ann@example.com": None}
    assert (await client.refusal(SAVE, None, given={}))["code"] == "UNAUTHENTICATED"


async def test_concurrent_saves_of_different_preferences_keep_both(access: Access, other_process: Access) -> None:
    ann = await join(access, "ann")
    actor = await access.authenticate(ann.session.access_token)
    await asyncio.gather(*(save_preferences((access, other_process)[n % 2], actor, {f"key {n}": n}) for n in range(12)))
    assert orjson.loads(await read_preferences(ann.id)) == {f"key {n}": n for n in range(12)}


@pytest.mark.parametrize(
    "change",
    [
        None,
        "text",
        [1],
        {f"key {n}": n for n in range(MAX_KEYS + 1)},
        {"text": "x" * MAX_BYTES},
        {"deep": eval("[" * 80 + "]" * 80, {}), "number": 2**80},
    ],
)
async def test_invalid_preferences_are_refused_and_change_nothing(access: Access, change: object) -> None:
    ann = await join(access, "ann")
    actor = await access.authenticate(ann.session.access_token)
    await save_preferences(access, actor, {"theme": "dark"})
    before = await stored()
    with pytest.raises(BadInput) as refused:
        await save_preferences(access, actor, change)
    assert refused.value.field == "preferences"
    assert await stored() == before
