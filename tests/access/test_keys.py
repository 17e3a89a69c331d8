from datetime import timedelta
from uuid import uuid4

import pytest

from domain.access import keys
from domain.access.keys import KeyWish, create_key, read_keys, revoke_key
from domain.access.rules import common_role
from domain.access.service import Access
from domain.access.sessions import logout
from domain.access.types import SYSTEM, KeyScope, Role
from domain.kernel.database import fetch_row
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from domain.kernel.time import utc_now
from tests.support.people import audited, join, stored


async def test_a_key_is_shown_once_and_stored_as_a_digest(access: Access) -> None:
    ann = await join(access, "ann")
    expires_at = utc_now() + timedelta(days=7)
    key, text = await create_key(access, ann.actor, name=" bot ", role=Role.VIEWER, expires_at=expires_at)
    assert (key.name, key.role, key.user_id, key.expires_at) == ("bot", Role.VIEWER, ann.id, expires_at)
    assert (key.last_used_at, key.revoked_at) == (None, None)
    assert text.startswith(f"{key.prefix}_")
    assert text not in repr(await stored())
    assert text.removeprefix(f"{key.prefix}_") not in repr(await stored())
    assert await read_keys(ann.actor) == [key]
    assert await audited("createApiKey") == [
        (
            "ann@example.com",
            f"apiKey:{key.id}",
            "DONE",
            f'{{"name": "bot", "role": "VIEWER", "prefix": "{key.prefix}"}}',
        )
    ]


@pytest.mark.parametrize("role", list(Role))
async def test_a_key_gets_at_most_the_role_of_its_maker(access: Access, role: Role) -> None:
    ann = await join(access, "ann", role)
    for asked in Role:
        common = common_role(asked, role)
        if common is not asked and asked is not Role.TRADER:
            with pytest.raises(Forbidden) as refused:
                await create_key(access, ann.actor, name="bot", role=asked)
            assert refused.value.context == {"field": "role"}
            continue
        # TRADER is what a key gets that says nothing of its role.
        key, _ = await create_key(access, ann.actor, name="bot", role=asked)
        assert key.role is common
        assert key.role.rank <= min(asked.rank, role.rank)


async def test_a_key_cannot_create_another_key(access: Access) -> None:
    ann = await join(access, "ann", Role.ADMIN)
    _, text = await create_key(access, ann.actor, name="bot", role=Role.ADMIN)
    bot = await access.authenticate(text)
    await access.close()
    before = await stored()
    for actor in (bot, SYSTEM):
        with pytest.raises(Forbidden, match=r"^An API key cannot make another: sign in\.$"):
            await create_key(access, actor, name="bot", role=Role.VIEWER)
    assert await stored() == before


@pytest.mark.parametrize(
    ("name", "seconds", "field"),
    [
        ("", 60, "name"),
        ("a\x00", 60, "name"),
        ("x" * 101, 60, "name"),
        ("bot", 0, "expiresAt"),
        ("bot", 1e9, "expiresAt"),
    ],
)
async def test_malformed_key_requests_create_nothing(access: Access, name: str, seconds: float, field: str) -> None:
    ann = await join(access, "ann")
    before = await stored()
    with pytest.raises(BadInput) as refused:
        await create_key(
            access, ann.actor, name=name, role=Role.VIEWER, expires_at=utc_now() + timedelta(seconds=seconds)
        )
    assert refused.value.field == field
    assert await stored() == before


async def test_a_user_has_a_bounded_number_of_active_keys(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS", 2)
    ann = await join(access, "ann")
    first, _ = await create_key(access, ann.actor, name="1", role=Role.VIEWER)
    await create_key(access, ann.actor, name="2", role=Role.VIEWER)
    before = await stored()
    with pytest.raises(Conflict, match=r"^You have 2 API keys; revoke one first\.$"):
        await create_key(access, ann.actor, name="3", role=Role.VIEWER)
    assert await stored() == before
    await revoke_key(access, ann.actor, first.id)
    await create_key(access, ann.actor, name="3", role=Role.VIEWER)
    assert [key.name for key in await read_keys(ann.actor)] == ["3", "2", "1"]


async def test_a_key_is_revoked_once_by_its_owner(access: Access) -> None:
    ann = await join(access, "ann")
    key, _ = await create_key(access, ann.actor, name="bot", role=Role.VIEWER)
    revoked = await revoke_key(access, ann.actor, key.id)
    assert revoked.revoked_at is not None
    assert await read_keys(ann.actor) == [revoked]
    before = await stored()
    assert await revoke_key(access, ann.actor, key.id) == revoked
    assert await stored() == before
    assert await audited("revokeApiKey") == [
        ("ann@example.com", f"apiKey:{key.id}", "DONE", f'{{"name": "bot", "prefix": "{key.prefix}"}}')
    ]


async def test_a_key_may_revoke_itself_and_a_key_of_an_administrator_any(access: Access) -> None:
    root, ann = await join(access, "root", Role.ADMIN), await join(access, "ann")
    first, text = await create_key(access, ann.actor, name="1", role=Role.VIEWER)
    second, _ = await create_key(access, ann.actor, name="2", role=Role.VIEWER)
    bot = await access.authenticate(text)
    assert (await revoke_key(access, bot, first.id)).revoked_at is not None
    assert (await revoke_key(access, root.actor, second.id)).revoked_at is not None
    actor, target, outcome, _ = (await audited("revokeApiKey"))[0]
    assert (actor, target, outcome) == ("ann@example.com", f"apiKey:{first.id}", "DONE")
    row = await fetch_row("SELECT api_key_id FROM audit_entries WHERE action = 'revokeApiKey' ORDER BY id")
    assert row is not None
    assert row["api_key_id"] == first.id


async def test_a_key_of_anybody_else_cannot_revoke_other_keys_of_its_owner(access: Access) -> None:
    root = await join(access, "root", Role.ADMIN)
    _, weak = await create_key(access, root.actor, name="weak", role=Role.TRADER)
    _, strong = await create_key(access, root.actor, name="strong", role=Role.ADMIN)
    victim, _ = await create_key(access, root.actor, name="victim", role=Role.VIEWER)
    actor = await access.authenticate(weak)
    await access.close()
    before = await stored()
    with pytest.raises(Forbidden, match=r"^An API key can revoke only itself: sign in\.$"):
        await revoke_key(access, actor, victim.id)
    assert await stored() == before
    assert (await revoke_key(access, await access.authenticate(strong), victim.id)).revoked_at is not None


async def test_a_key_without_the_manage_scope_sees_and_revokes_only_itself(access: Access) -> None:
    root = await join(access, "root", Role.ADMIN)
    narrow, text = await create_key(access, root.actor, name="n", role=Role.ADMIN, wish=KeyWish([KeyScope.READ]))
    victim, _ = await create_key(access, root.actor, name="victim", role=Role.VIEWER)
    bot = await access.authenticate(text)
    await access.close()
    assert [key.id for key in await read_keys(bot)] == [narrow.id]
    before = await stored()
    with pytest.raises(Forbidden, match=r"^An API key can revoke only itself: sign in\.$"):
        await revoke_key(access, bot, victim.id)
    assert await stored() == before
    assert (await revoke_key(access, bot, narrow.id)).revoked_at is not None
    with pytest.raises(Unauthenticated):
        await access.authenticate(text)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_MANAGER])
async def test_foreign_keys_are_not_found(access: Access, role: Role) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob", role)
    key, _ = await create_key(access, ann.actor, name="bot", role=Role.VIEWER)
    before = await stored()
    for key_id in (key.id, uuid4()):
        with pytest.raises(NotFound, match=r"^There is no such API key\.$"):
            await revoke_key(access, bob.actor, key_id)
    assert await read_keys(bob.actor) == []
    assert await stored() == before


async def test_a_key_cannot_log_out(access: Access) -> None:
    ann = await join(access, "ann")
    _, text = await create_key(access, ann.actor, name="bot", role=Role.VIEWER)
    bot = await access.authenticate(text)
    await access.close()
    before = await stored()
    assert await logout(access, bot) is False
    assert await stored() == before
