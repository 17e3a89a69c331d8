"""The sessions of a user, and ending them from another session."""

from uuid import UUID, uuid4

import pytest

from domain.access.attribution import Origin, coming_from
from domain.access.keys import KeyWish, create_key
from domain.access.service import Access
from domain.access.sessions import MAX_DEVICE_LENGTH, logout, refresh_session
from domain.access.signed_in import read_sessions, revoke_other_sessions, revoke_session
from domain.access.types import KeyScope, Role
from domain.kernel.errors import Forbidden, NotFound, Unauthenticated
from tests.support.people import audited, join, sign_in, stored


def origin(address: str, device: str) -> Origin:
    return Origin(address, UUID(int=1), device)


async def test_a_session_shows_its_start_last_use_and_address(access: Access) -> None:
    with coming_from(origin("192.0.2.1", "Firefox\x00\n" + "x" * 500)):
        ann = await join(access, "ann")
    (session,) = await read_sessions(ann.actor)
    assert (session.id, session.address) == (ann.actor.session_id, "192.0.2.1")
    assert session.device is not None
    assert session.device.startswith("Firefox  x")
    assert len(session.device) == MAX_DEVICE_LENGTH
    assert session.created_at == session.used_at
    with coming_from(origin("2001:db8::7", "curl")):
        await refresh_session(access, ann.session.refresh_token)
    (later,) = await read_sessions(ann.actor)
    assert (later.id, later.address, later.device) == (session.id, "2001:db8::7", "curl")
    assert later.used_at is not None
    assert later.used_at > later.created_at
    await logout(access, ann.actor)
    assert await read_sessions(ann.actor) == []


async def test_a_session_is_ended_from_another_session_at_once(access: Access) -> None:
    ann = await join(access, "ann")
    phone = await sign_in(access, ann.user)
    assert [session.id for session in await read_sessions(ann.actor)] == [phone.actor.session_id, ann.actor.session_id]
    assert phone.actor.session_id is not None
    revoked = await revoke_session(access, ann.actor, phone.actor.session_id)
    assert revoked.id == phone.actor.session_id
    with pytest.raises(Unauthenticated):
        await access.authenticate(phone.session.access_token)
    with pytest.raises(Unauthenticated):
        await refresh_session(access, phone.session.refresh_token)
    assert (await access.authenticate(ann.session.access_token)).session_id == ann.actor.session_id
    ((actor, target, outcome, _),) = await audited("revokeSession")
    assert (actor, target, outcome) == (ann.user.email, f"session:{phone.actor.session_id}", "DONE")
    with pytest.raises(NotFound):
        await revoke_session(access, ann.actor, phone.actor.session_id)


async def test_ending_other_sessions_keeps_only_the_own_one(access: Access) -> None:
    ann = await join(access, "ann")
    others = [await sign_in(access, ann.user) for _ in range(3)]
    assert await revoke_other_sessions(access, ann.actor) == 3
    for other in others:
        with pytest.raises(Unauthenticated):
            await access.authenticate(other.session.access_token)
    assert [session.id for session in await read_sessions(ann.actor)] == [ann.actor.session_id]
    before = await stored()
    assert await revoke_other_sessions(access, ann.actor) == 0
    assert await stored() == before


async def test_only_an_administrator_sees_sessions_of_others(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob", Role.RISK_MANAGER)
    root = await join(access, "root", Role.ADMIN)
    scopes = [scope for scope in KeyScope if scope is not KeyScope.MANAGE]
    _, text = await create_key(access, ann.actor, name="bot", role=Role.TRADER, wish=KeyWish(scopes))
    bot = await access.authenticate(text)
    _, text = await create_key(access, ann.actor, name="manager", role=Role.TRADER, wish=KeyWish([KeyScope.MANAGE]))
    manager = await access.authenticate(text)
    await access.close()
    before = await stored()
    assert ann.actor.session_id is not None
    assert await read_sessions(manager) == await read_sessions(ann.actor)
    with pytest.raises(Forbidden):
        await read_sessions(bob.actor, ann.id)
    with pytest.raises(NotFound):
        await revoke_session(access, bob.actor, ann.actor.session_id)
    for session_id in (ann.actor.session_id, uuid4()):
        with pytest.raises(Forbidden):
            await revoke_session(access, bot, session_id)
    with pytest.raises(Forbidden):
        await revoke_other_sessions(access, bot)
    with pytest.raises(Forbidden):
        await read_sessions(bot)
    assert await stored() == before
    assert [session.id for session in await read_sessions(root.actor, ann.id)] == [ann.actor.session_id]
    await revoke_session(access, root.actor, ann.actor.session_id)
    with pytest.raises(Unauthenticated):
        await access.authenticate(ann.session.access_token)
