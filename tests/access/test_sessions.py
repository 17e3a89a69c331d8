import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from adapters.redis.throttle import RedisThrottle
from domain.access import password_hashing, session_store, user_store
from domain.access.password_hashing import Passwords
from domain.access.service import Access
from domain.access.sessions import ADDRESS_LIMIT, EMAIL_LIMIT, login, logout, refresh_session
from domain.access.throttle import MemoryThrottle
from domain.access.tokens import REFRESH_TOKEN_LIFETIME, digest
from domain.access.types import SYSTEM, Role, SignedIn
from domain.access.users import UserChange, update_user
from domain.kernel.database import fetch, fetch_row
from domain.kernel.errors import BadInput, RateLimited, Unauthenticated
from domain.kernel.time import utc_now
from tests.support.people import ADDRESS, PASSWORD, audited, join, quick_access, stored

WRONG = r"^The email or the password is wrong\.$"
REUSED = r"^This refresh token was used before, so its session has ended; sign in again\.$"
ENDED = r"^Your session has ended; sign in again\.$"


async def fail(access: Access, email: str = "ann@example.com", address: str = ADDRESS) -> None:
    with pytest.raises(Unauthenticated, match=WRONG):
        await login(access, email, "not the password", address)


# ------------------------------------------------------------------ login


async def test_login_creates_a_session_and_stores_only_a_digest(access: Access) -> None:
    ann = await join(access, "ann")
    before = utc_now()
    session = await login(access, " ANN@Example.com ", PASSWORD, ADDRESS)
    assert session.user == ann.user
    assert timedelta(minutes=14, seconds=58) < session.expires_at - before <= timedelta(minutes=15, seconds=2)

    row = await fetch_row("SELECT * FROM refresh_tokens WHERE token_hash = $1", digest(session.refresh_token))
    assert row is not None
    assert row["expires_at"] - row["issued_at"] == REFRESH_TOKEN_LIFETIME
    assert row["used_at"] is None
    everything = repr(await stored())
    for secret in (session.refresh_token, session.access_token, PASSWORD):
        assert secret not in everything
        assert secret not in repr(session)
    entry = ("ann@example.com", f"session:{row['session_id']}", "DONE", '{"address": "192.0.2.7"}')
    assert (await audited("login"))[-1] == entry


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "not the password"),
        ("ann@example.com", ""),
        ("ann@example.com", PASSWORD.upper()),
        ("ann@example.com", f"{PASSWORD} "),
        ("nobody@example.com", PASSWORD),
        ("nobody", PASSWORD),
        ("inactive@example.com", PASSWORD),
        ("\u0430nn@example.com", PASSWORD),
        ("ann@example.com\u3000", PASSWORD),
        ("%", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
async def test_a_refused_login_names_no_cause_and_saves_no_session(access: Access, email: str, password: str) -> None:
    await join(access, "ann")
    inactive = await join(access, "inactive")
    await update_user(access, SYSTEM, inactive.id, UserChange(active=False))
    before = await stored("audit_entries")
    with pytest.raises(Unauthenticated, match=WRONG) as refused:
        await login(access, email, password, ADDRESS)
    assert refused.value.context == {}
    assert await stored("audit_entries") == before
    actor, target, outcome, detail = (await audited("login"))[-1]
    assert (actor, outcome, detail) == ("anonymous", "REFUSED", '{"address": "192.0.2.7"}')
    assert target.startswith("email:")


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("ann@example.com\x00", PASSWORD, "email"),
        ("\ud800", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        ("x" * 1_000_000, PASSWORD, "email"),
        ("ann@example.com", "x" * 1_000_000, "password"),
        ("ann@example.com", f"{PASSWORD}\x00", "password"),
        ("ann@example.com", "\udfff", "password"),
    ],
)
async def test_an_impossible_email_or_password_is_bad_input(
    access: Access, email: str, password: str, field: str
) -> None:
    await join(access, "ann")
    before = await stored()
    with pytest.raises(BadInput) as refused:
        await login(access, email, password, ADDRESS)
    assert refused.value.field == field
    assert await stored() == before


class CountingHasher(Argon2Hasher):
    """Notes the work of each verification: what Argon2 says of it in a hash."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=64, parallelism=1)
        self.work: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.work.append(str(hash).rpartition("$")[0].rpartition("$")[0])
        return super().verify(password, hash)


async def test_an_unknown_email_costs_as_much_work_as_a_known_one(database: str) -> None:
    hasher = CountingHasher()
    access = replace(quick_access(), passwords=Passwords(PasswordHash([hasher])))
    await join(access, "ann")
    hasher.work.clear()
    await fail(access)
    known, hasher.work = hasher.work, []
    await fail(access, "nobody@example.com")
    assert hasher.work == known == ["$argon2id$v=19$m=64,t=2,p=1"]


async def test_an_outdated_hash_is_replaced_at_the_next_login(access: Access) -> None:
    ann = await join(access, "ann")
    stronger = replace(
        access, passwords=Passwords(PasswordHash([Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)]))
    )
    await login(stronger, ann.user.email, PASSWORD, ADDRESS)
    found = await user_store.find_password(ann.user.email)
    assert found is not None
    assert "m=16,t=2" in found.password_hash
    assert (await login(stronger, ann.user.email, PASSWORD, ADDRESS)).user == ann.user


async def test_a_password_changed_during_verification_creates_no_session(access: Access) -> None:
    ann = await join(access, "ann")
    verify = access.passwords.verify

    async def overtaken(password: str, stored_hash: str | None) -> tuple[bool, str | None]:
        verified = await verify(password, stored_hash)
        await fetch("UPDATE users SET password_hash = 'changed meanwhile'")
        return verified

    access.passwords.verify = overtaken  # type: ignore[method-assign]
    before = await stored("audit_entries", "users")
    with pytest.raises(Unauthenticated, match=WRONG):
        await login(access, ann.user.email, PASSWORD, ADDRESS)
    assert await stored("audit_entries", "users") == before


async def test_expired_sessions_are_deleted_at_the_next_login_of_their_user(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    await fetch("UPDATE sessions SET expires_at = now() - interval '1 second'")
    again = await login(access, ann.user.email, PASSWORD, ADDRESS)
    kept = {row["user_id"] for row in await fetch("SELECT user_id FROM sessions")}
    assert (await fetch("SELECT count(*) AS n FROM sessions"))[0]["n"] == 2
    assert kept == {ann.id, bob.id}
    assert (await refresh_session(access, again.refresh_token)).user == ann.user
    with pytest.raises(Unauthenticated, match=r"^This refresh token is not valid; sign in\.$"):
        await refresh_session(access, ann.session.refresh_token)


async def test_a_user_has_a_bounded_number_of_sessions_and_the_oldest_end(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_store, "MAX_SESSIONS", 3)
    ann = await join(access, "ann")
    sessions = [ann.session] + [await login(access, ann.user.email, PASSWORD, ADDRESS) for _ in range(3)]
    assert (await fetch("SELECT count(*) AS n FROM sessions"))[0]["n"] == 3
    with pytest.raises(Unauthenticated):
        await refresh_session(access, sessions[0].refresh_token)
    for session in sessions[1:]:
        await refresh_session(access, session.refresh_token)


# ------------------------------------------------------------------ throttling


async def test_an_email_is_locked_after_ten_failures_even_for_the_right_password(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    for number in range(EMAIL_LIMIT.amount):
        await fail(access, "Ann@Example.com", f"198.51.100.{number}")
    # Of what is refused the audit log alone knows.
    before = await stored("audit_entries")
    with pytest.raises(RateLimited) as refused:
        await login(access, ann.user.email, PASSWORD, "203.0.113.1")
    assert refused.value.message == "Too many failed attempts to sign in; try again later."
    assert list(refused.value.context) == ["retryAfterSeconds"]
    assert (
        EMAIL_LIMIT.window_seconds - 5 <= int(refused.value.context["retryAfterSeconds"]) <= EMAIL_LIMIT.window_seconds
    )
    assert await stored("audit_entries") == before
    # Others sign in, and who is signed in stays so.
    await login(access, bob.user.email, PASSWORD, ADDRESS)
    assert (await refresh_session(access, ann.session.refresh_token)).user == ann.user


async def test_an_unknown_email_is_locked_like_a_known_one(access: Access) -> None:
    for _ in range(EMAIL_LIMIT.amount):
        await fail(access, "nobody@example.com")
    with pytest.raises(RateLimited):
        await login(access, "nobody@example.com", PASSWORD, ADDRESS)


async def test_successful_logins_are_not_counted(access: Access) -> None:
    ann = await join(access, "ann")
    for _ in range(EMAIL_LIMIT.amount + 2):
        await login(access, ann.user.email, PASSWORD, ADDRESS)


@pytest.mark.parametrize(
    ("attacker", "neighbour", "elsewhere"),
    [
        ("192.0.2.9", "192.0.2.9", "192.0.2.10"),
        ("::ffff:192.0.2.9", "192.0.2.9", "::ffff:192.0.2.10"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
    ],
)
async def test_an_address_is_locked_after_fifty_failures(
    access: Access, attacker: str, neighbour: str, elsewhere: str
) -> None:
    ann = await join(access, "ann")
    for number in range(ADDRESS_LIMIT.amount):
        await fail(access, f"guess{number}@example.com", attacker)
    with pytest.raises(RateLimited):
        await login(access, ann.user.email, PASSWORD, neighbour)
    await login(access, ann.user.email, PASSWORD, elsewhere)


@pytest.mark.parametrize("address", ["", "unix:", "not an address", "\x00"])
async def test_a_client_without_an_address_is_counted_by_email_only(access: Access, address: str) -> None:
    ann = await join(access, "ann")
    await login(access, ann.user.email, PASSWORD, address)
    assert (await audited("login"))[-1][3] is None
    for _ in range(EMAIL_LIMIT.amount):
        await fail(access, ann.user.email, address)
    with pytest.raises(RateLimited):
        await login(access, ann.user.email, PASSWORD, address)


async def test_concurrent_guesses_are_all_counted(access: Access) -> None:
    await join(access, "ann")
    guesses = [login(access, "ann@example.com", f"guess number {number}", ADDRESS) for number in range(40)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Unauthenticated)]
    limited = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert len(refused) + len(limited) == 40
    # Those that had their turn when the last one allowed was counted.
    assert EMAIL_LIMIT.amount <= len(refused) < EMAIL_LIMIT.amount + password_hashing.CONCURRENT_HASHES


async def test_logins_beyond_the_waiting_bound_are_refused_at_once(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAITING", 5)
    ann = await join(access, "ann")
    answers = await asyncio.gather(
        *(login(access, ann.user.email, PASSWORD, ADDRESS) for _ in range(12)), return_exceptions=True
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 5
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 7
    assert isinstance(await login(access, ann.user.email, PASSWORD, ADDRESS), SignedIn)


async def test_attempts_are_counted_without_redis(database: str) -> None:
    async with RedisThrottle("redis://127.0.0.1:1/0") as throttle:
        access = quick_access(throttle)
        ann = await join(access, "ann")
        for _ in range(EMAIL_LIMIT.amount):
            await fail(access)
        with pytest.raises(RateLimited):
            await login(access, ann.user.email, PASSWORD, ADDRESS)


async def test_attempts_are_counted_over_all_processes_with_redis(database: str, redis_url: str) -> None:
    async with RedisThrottle(redis_url) as one, RedisThrottle(redis_url) as other:
        ann = await join(quick_access(one), "ann")
        for number in range(EMAIL_LIMIT.amount):
            await fail(quick_access(one if number % 2 else other))
        for throttle in (one, other):
            with pytest.raises(RateLimited):
                await login(quick_access(throttle), ann.user.email, PASSWORD, ADDRESS)


# ------------------------------------------------------------------ refreshing


async def test_a_refresh_token_is_exchanged_for_a_new_pair(access: Access) -> None:
    ann = await join(access, "ann")
    session_id = ann.actor.session_id
    first = await refresh_session(access, ann.session.refresh_token)
    second = await refresh_session(access, first.refresh_token)
    tokens = {ann.session.refresh_token, first.refresh_token, second.refresh_token}
    assert len(tokens) == 3
    assert second.user == ann.user
    assert (await access.authenticate(second.access_token)).session_id == session_id
    # An access token that was issued before lives on until it expires.
    assert (await access.authenticate(ann.session.access_token)).session_id == session_id
    rows = await fetch("SELECT session_id, used_at IS NULL AS fresh FROM refresh_tokens ORDER BY id")
    assert [tuple(row) for row in rows] == [(session_id, False), (session_id, False), (session_id, True)]


async def test_a_refresh_token_used_twice_ends_its_session(access: Access, throttle: MemoryThrottle) -> None:
    ann = await join(access, "ann", Role.ADMIN)
    elsewhere = await login(access, ann.user.email, PASSWORD, ADDRESS)
    first = await refresh_session(access, ann.session.refresh_token)
    second = await refresh_session(access, first.refresh_token)

    with pytest.raises(Unauthenticated, match=REUSED):
        await refresh_session(access, ann.session.refresh_token)
    for token in (second.refresh_token, first.refresh_token, ann.session.refresh_token):
        with pytest.raises(Unauthenticated, match=ENDED):
            await refresh_session(access, token)
    for token in (ann.session.access_token, second.access_token):
        with pytest.raises(Unauthenticated, match=ENDED):
            await access.authenticate(token)
    session = f"session:{ann.actor.session_id}"
    done = ("ann@example.com", session, "DONE", None)
    refused = ("ann@example.com", session, "REFUSED", '{"reason": "used twice; the session was ended"}')
    assert (await audited("refreshSession"))[:3] == [done, done, refused]
    # Another session of the same person is another family.
    assert (await refresh_session(access, elsewhere.refresh_token)).user == ann.user


async def test_one_of_many_concurrent_refreshes_succeeds_and_the_session_ends(
    access: Access, other_process: Access
) -> None:
    ann = await join(access, "ann")
    answers = await asyncio.gather(
        *(refresh_session((access, other_process)[n % 2], ann.session.refresh_token) for n in range(8)),
        return_exceptions=True,
    )
    winners = [answer for answer in answers if isinstance(answer, SignedIn)]
    assert len(winners) == 1
    assert sum(isinstance(answer, Unauthenticated) for answer in answers) == 7
    with pytest.raises(Unauthenticated, match=ENDED):
        await refresh_session(access, winners[0].refresh_token)
    assert [outcome for _, _, outcome, _ in await audited("refreshSession")] == ["DONE", "REFUSED"]


async def test_an_expired_refresh_token_is_refused_and_nothing_changes(access: Access) -> None:
    ann = await join(access, "ann")
    await fetch("UPDATE refresh_tokens SET expires_at = now()")
    before = await stored()
    with pytest.raises(Unauthenticated, match=r"^Your session has expired; sign in again\.$"):
        await refresh_session(access, ann.session.refresh_token)
    assert await stored() == before


async def test_used_refresh_tokens_are_deleted_at_their_expiry(access: Access) -> None:
    ann = await join(access, "ann")
    first = await refresh_session(access, ann.session.refresh_token)
    await fetch("UPDATE refresh_tokens SET expires_at = now() WHERE used_at IS NOT NULL")
    second = await refresh_session(access, first.refresh_token)
    hashes = {row["token_hash"] for row in await fetch("SELECT token_hash FROM refresh_tokens")}
    assert hashes == {digest(first.refresh_token), digest(second.refresh_token)}


async def test_a_session_expires_with_its_newest_token(access: Access) -> None:
    ann = await join(access, "ann")
    await fetch("UPDATE sessions SET expires_at = expires_at - interval '29 days'")
    await refresh_session(access, ann.session.refresh_token)
    row = await fetch_row(
        "SELECT s.expires_at, max(t.expires_at) AS newest FROM sessions s "
        "JOIN refresh_tokens t ON t.session_id = s.id GROUP BY s.id"
    )
    assert row is not None
    assert row["expires_at"] == row["newest"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "é" * 43, "x" * 5_000_000])
async def test_an_unknown_refresh_token_is_refused_and_nothing_changes(access: Access, token: str) -> None:
    await join(access, "ann")
    before = await stored()
    with pytest.raises(Unauthenticated, match=r"^This refresh token is not valid; sign in\.$"):
        await refresh_session(access, token)
    assert await stored() == before


async def test_an_access_token_does_not_refresh(access: Access) -> None:
    ann = await join(access, "ann")
    with pytest.raises(Unauthenticated):
        await refresh_session(access, ann.session.access_token)
    with pytest.raises(Unauthenticated):
        await access.authenticate(ann.session.refresh_token)


async def test_an_inactive_user_cannot_refresh_and_old_tokens_stay_refused(access: Access) -> None:
    ann = await join(access, "ann")
    for active in (False, True):
        await update_user(access, SYSTEM, ann.id, UserChange(active=active))
        with pytest.raises(Unauthenticated, match=ENDED):
            await refresh_session(access, ann.session.refresh_token)


# ------------------------------------------------------------------ logout


async def test_logout_ends_only_its_own_session(access: Access) -> None:
    ann = await join(access, "ann")
    elsewhere = await login(access, ann.user.email, PASSWORD, ADDRESS)
    refreshed = await refresh_session(access, ann.session.refresh_token)
    assert await logout(access, ann.actor) is True
    for token in (ann.session.refresh_token, refreshed.refresh_token):
        with pytest.raises(Unauthenticated, match=ENDED):
            await refresh_session(access, token)
    for token in (ann.session.access_token, refreshed.access_token):
        with pytest.raises(Unauthenticated, match=ENDED):
            await access.authenticate(token)
    assert (await access.authenticate(elsewhere.access_token)).user_id == ann.id
    assert await audited("logout") == [("ann@example.com", f"session:{ann.actor.session_id}", "DONE", None)]


async def test_a_second_logout_changes_nothing(access: Access) -> None:
    ann = await join(access, "ann")
    await logout(access, ann.actor)
    before = await stored()
    assert await logout(access, ann.actor) is False
    assert await stored() == before
