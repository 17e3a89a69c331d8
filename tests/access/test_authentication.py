import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access import authentication
from domain.access.authentication import FRESH_SECONDS, KEY_USE_SECONDS, Authenticator
from domain.access.keys import create_key, read_keys, revoke_key
from domain.access.service import Access
from domain.access.sessions import logout
from domain.access.types import OWNED, SYSTEM, AccountPermission, Actor, Role
from domain.access.users import UserChange, grant_account, revoke_account, update_user
from domain.kernel.database import fetch
from domain.kernel.errors import Unauthenticated
from domain.kernel.time import utc_now
from domain.kernel.topic_queries import read_versions
from tests.support.people import Person, join, open_account, sign_in

SIGNED_OUT = r"^Your session has ended; sign in again\.$"


class Clock:
    """A clock that moves only when a test moves it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(utc_now().timestamp())


@pytest.fixture
def monotonic() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def clocked(access: Access, clock: Clock, monotonic: Clock) -> Authenticator:
    """An authenticator of another process, whose clocks the test turns."""
    return Authenticator(access.signer, access.bus, clock=clock, monotonic=monotonic)


async def test_a_session_token_identifies_its_user(access: Access) -> None:
    ann = await join(access, "ann", Role.VIEWER)
    assert ann.actor == Actor(
        user_id=ann.id,
        email="ann@example.com",
        role=Role.VIEWER,
        accounts={},
        via="session",
        session_id=ann.actor.session_id,
        expires_at=ann.session.expires_at,
    )
    assert await access.authenticate(ann.session.access_token) is ann.actor


async def test_an_actor_has_its_owned_and_granted_accounts(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    owned, readable, tradable = [
        await open_account(access, owner.id, name) for owner, name in ((ann, "own"), (bob, "read"), (bob, "trade"))
    ]
    await grant_account(access, SYSTEM, ann.id, readable, AccountPermission.READ)
    await grant_account(access, SYSTEM, ann.id, tradable, AccountPermission.TRADE)
    actor = await access.authenticate(ann.session.access_token)
    assert actor.accounts == {
        owned: OWNED,
        readable: frozenset({AccountPermission.READ}),
        tradable: frozenset({AccountPermission.TRADE}),
    }


async def test_an_expired_session_is_refused_with_its_reason(
    access: Access, clocked: Authenticator, clock: Clock
) -> None:
    ann = await join(access, "ann")
    await clocked.authenticate(ann.session.access_token)
    clock.now = ann.session.expires_at.timestamp() - 0.001
    await clocked.authenticate(ann.session.access_token)
    clock.now = ann.session.expires_at.timestamp()
    for _ in range(2):
        with pytest.raises(Unauthenticated, match=r"^Your session has expired\.$"):
            await clocked.authenticate(ann.session.access_token)


@pytest.mark.parametrize("credential", ["", "x", "tg_", "tg_0123456789_secret", "a" * 2_000_000, "\x00", "tg_\x00"])
async def test_an_invalid_credential_is_refused(access: Access, credential: str) -> None:
    with pytest.raises(Unauthenticated):
        await access.authenticate(credential)


async def test_a_token_of_an_unknown_session_is_refused(access: Access) -> None:
    ann = await join(access, "ann")
    token, _ = access.signer.issue(ann.id, uuid4(), utc_now())
    with pytest.raises(Unauthenticated, match=SIGNED_OUT):
        await access.authenticate(token)


async def _logout(access: Access, ann: Person) -> None:
    assert await logout(access, ann.actor)


async def _deactivate(access: Access, ann: Person) -> None:
    await update_user(access, SYSTEM, ann.id, UserChange(active=False))


async def _set_password(access: Access, ann: Person) -> None:
    await update_user(access, SYSTEM, ann.id, UserChange(password="another good password"))


@pytest.mark.parametrize("end", [_logout, _deactivate, _set_password])
async def test_an_ended_session_is_refused_here_at_once_and_in_other_processes_within_a_second(
    access: Access, clocked: Authenticator, monotonic: Clock, end: object
) -> None:
    ann = await join(access, "ann")
    await clocked.authenticate(ann.session.access_token)
    await end(access, ann)  # type: ignore[operator]
    with pytest.raises(Unauthenticated, match=SIGNED_OUT):
        await access.authenticate(ann.session.access_token)
    # The other process has not looked yet ...
    assert await clocked.authenticate(ann.session.access_token) == ann.actor
    # ... but it does when a second has gone by,
    monotonic.now += FRESH_SECONDS + 0.001
    for _ in range(2):
        with pytest.raises(Unauthenticated, match=SIGNED_OUT):
            await clocked.authenticate(ann.session.access_token)


async def test_a_bus_message_ends_a_session_before_the_second_is_over(access: Access, clocked: Authenticator) -> None:
    ann = await join(access, "ann")
    await clocked.authenticate(ann.session.access_token)
    await logout(access, ann.actor)
    await clocked.refresh()
    with pytest.raises(Unauthenticated, match=SIGNED_OUT):
        await clocked.authenticate(ann.session.access_token)


async def test_a_changed_role_or_grant_applies_at_the_next_check(
    access: Access, clocked: Authenticator, monotonic: Clock
) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    account = await open_account(access, bob.id)
    await clocked.authenticate(ann.session.access_token)

    await update_user(access, SYSTEM, ann.id, UserChange(role=Role.RISK_MANAGER))
    await grant_account(access, SYSTEM, ann.id, account, AccountPermission.TRADE)
    monotonic.now += FRESH_SECONDS + 0.001
    actor = await clocked.authenticate(ann.session.access_token)
    assert (actor.role, actor.accounts) == (Role.RISK_MANAGER, {account: frozenset({AccountPermission.TRADE})})

    await revoke_account(access, SYSTEM, ann.id, account)
    monotonic.now += FRESH_SECONDS + 0.001
    assert (await clocked.authenticate(ann.session.access_token)).accounts == {}


async def test_an_actor_can_be_refreshed_to_a_version_or_to_now(access: Access, clocked: Authenticator) -> None:
    ann = await join(access, "ann")
    before = await clocked.authenticate(ann.session.access_token)
    account = await open_account(access, ann.id)
    assert await clocked.at(before, 0) is before
    version = (await read_versions())["access"]
    after = await clocked.at(before, version)
    assert after == replace(before, accounts={account: OWNED})
    assert await clocked.fresh(before) is after
    assert await clocked.at(SYSTEM, version) is SYSTEM
    await logout(access, ann.actor)
    with pytest.raises(Unauthenticated, match=SIGNED_OUT):
        await clocked.fresh(before)


async def test_a_refreshed_actor_keeps_its_expiry(access: Access, clock: Clock) -> None:
    ann = await join(access, "ann")
    token, later = access.signer.issue(ann.id, ann.actor.session_id or uuid4(), utc_now() + timedelta(minutes=5))
    actor = await access.authenticate(token)
    assert (actor.expires_at, ann.actor.expires_at) == (later, ann.session.expires_at)
    await open_account(access, ann.id)
    assert (await access.authenticator.fresh(actor)).expires_at == later
    assert (await access.authenticator.fresh(ann.actor)).expires_at == ann.session.expires_at


# ------------------------------------------------------------------ API keys


async def test_a_key_has_the_permissions_that_its_role_and_its_owner_share(access: Access) -> None:
    ann = await join(access, "ann", Role.ADMIN)
    await join(access, "root", Role.ADMIN)
    account = await open_account(access, ann.id)
    key, text = await create_key(access, ann.actor, name="bot", role=Role.TRADER)
    assert await access.authenticate(text) == Actor(
        user_id=ann.id,
        email="ann@example.com",
        role=Role.TRADER,
        accounts={account: OWNED},
        via="api_key",
        api_key_id=key.id,
    )
    await update_user(access, SYSTEM, ann.id, UserChange(role=Role.VIEWER))
    assert (await access.authenticate(text)).role is Role.VIEWER


async def test_a_key_with_another_secret_is_refused(access: Access) -> None:
    ann = await join(access, "ann")
    _, text = await create_key(access, ann.actor, name="bot", role=Role.TRADER)
    await access.authenticate(text)
    for wrong in (text[:-1], text + "x", text[:14] + "x" * 43):
        with pytest.raises(Unauthenticated, match=r"^This API key is not valid\.$"):
            await access.authenticate(wrong)


async def test_a_key_ends_by_revocation_by_expiry_and_with_its_owner(
    access: Access, clocked: Authenticator, clock: Clock
) -> None:
    ann = await join(access, "ann")
    expiry = utc_now() + timedelta(days=1)
    revoked, revoked_text = await create_key(access, ann.actor, name="a", role=Role.TRADER)
    _, expiring_text = await create_key(access, ann.actor, name="b", role=Role.TRADER, expires_at=expiry)
    await access.authenticate(revoked_text)

    await revoke_key(access, ann.actor, revoked.id)
    with pytest.raises(Unauthenticated, match=r"^This API key does not work any more\.$"):
        await access.authenticate(revoked_text)

    assert (await clocked.authenticate(expiring_text)).expires_at == expiry
    clock.now = expiry.timestamp()
    with pytest.raises(Unauthenticated, match=r"^This API key has expired\.$"):
        await clocked.authenticate(expiring_text)

    await update_user(access, SYSTEM, ann.id, UserChange(active=False))
    with pytest.raises(Unauthenticated, match=r"^This API key does not work any more\.$"):
        await access.authenticate(expiring_text)
    await update_user(access, SYSTEM, ann.id, UserChange(active=True))
    assert (await access.authenticate(expiring_text)).user_id == ann.id
    await clocked.close()


async def test_the_last_use_of_a_key_is_written_at_most_once_a_minute(
    access: Access, clocked: Authenticator, monotonic: Clock
) -> None:
    ann = await join(access, "ann")
    _, text = await create_key(access, ann.actor, name="bot", role=Role.TRADER)
    assert (await read_keys(ann.actor))[0].last_used_at is None
    for _ in range(3):
        await clocked.authenticate(text)
    await clocked.close()
    first = (await read_keys(ann.actor))[0].last_used_at
    assert first is not None

    monotonic.now += KEY_USE_SECONDS + 1
    await clocked.authenticate(text)
    await clocked.close()
    # Another process wrote less than a minute ago: the row is left alone.
    assert (await read_keys(ann.actor))[0].last_used_at == first

    await fetch("UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds'")
    monotonic.now += KEY_USE_SECONDS + 1
    await clocked.authenticate(text)
    await clocked.close()
    again = (await read_keys(ann.actor))[0].last_used_at
    assert again is not None
    assert again > first


# ------------------------------------------------------------------ the hot path


async def test_concurrent_checks_share_one_read(access: Access, clocked: Authenticator, monotonic: Clock) -> None:
    people = [await join(access, f"p{number}") for number in range(5)]
    tokens = [person.session.access_token for person in people] * 20
    looks = 0
    refresh = clocked.cache.refresh

    async def counted() -> dict[Any, Actor]:
        nonlocal looks
        looks += 1
        return await refresh()

    clocked.cache.refresh = counted  # type: ignore[method-assign]
    for expected in (1, 2):
        actors = await asyncio.gather(*(clocked.authenticate(token) for token in tokens))
        assert [actor.user_id for actor in actors] == [person.id for person in people] * 20
        assert looks == expected
        monotonic.now += FRESH_SECONDS + 0.001


async def test_a_cancelled_check_does_not_disturb_the_others(access: Access) -> None:
    ann = await join(access, "ann")
    access.authenticator.look_again()
    impatient = asyncio.create_task(access.authenticate(ann.session.access_token))
    patient = asyncio.create_task(access.authenticate(ann.session.access_token))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == ann.actor
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_read_that_began_before_a_change_does_not_hide_it(access: Access) -> None:
    ann = await join(access, "ann")
    authenticator, refresh = access.authenticator, access.authenticator.cache.refresh
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> dict[Any, Actor]:
        actors = await refresh()
        began.set()
        await may_end.wait()
        return actors

    authenticator.look_again()
    authenticator.cache.refresh = slow  # type: ignore[method-assign]
    before = asyncio.create_task(access.authenticate(ann.session.access_token))
    await began.wait()
    authenticator.cache.refresh = refresh  # type: ignore[method-assign]
    await logout(access, ann.actor)
    after = asyncio.create_task(access.authenticate(ann.session.access_token))
    fresh = asyncio.create_task(authenticator.fresh(ann.actor))
    await asyncio.sleep(0)
    may_end.set()
    assert await before == ann.actor
    for task in (after, fresh):
        with pytest.raises(Unauthenticated, match=SIGNED_OUT):
            await task
    with pytest.raises(Unauthenticated, match=SIGNED_OUT):
        await access.authenticate(ann.session.access_token)


async def test_the_cache_of_credentials_is_bounded(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "MAX_REMEMBERED", 3)
    ann = await join(access, "ann")
    tokens = [(await sign_in(access, ann.user)).session.access_token for _ in range(6)]
    for _ in range(2):
        for token in tokens:
            assert (await access.authenticate(token)).user_id == ann.id
    assert len(access.authenticator._proofs) == 3
    assert len(await access.authenticator.cache.current()) == 3


async def test_a_cached_credential_is_checked_without_a_wait_and_without_a_new_proof(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await join(access, "ann")
    token = ann.session.access_token
    now = access.authenticator._monotonic()
    monkeypatch.setattr(access.authenticator, "_monotonic", lambda: now)
    await access.authenticate(token)
    monkeypatch.setattr(Authenticator, "_prove", None)
    with pytest.raises(StopIteration) as answered:
        # It answers at its first step: it has waited for nothing.
        access.authenticate(token).send(None)
    assert answered.value.value == ann.actor
