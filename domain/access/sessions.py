"""Sessions: sign-in, refresh and sign-out.

A session begins at ``login``. It ends at ``logout``, when its user is deactivated or gets another password, after
thirty days without a refresh, or when one of its refresh tokens is used a second time.
"""

import hashlib
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from uuid import UUID

from domain.access import second_factor, session_store, user_store
from domain.access.attribution import Origin, current_origin
from domain.access.audit import MAX_ADDRESS_LENGTH, record, record_refusal, target_of
from domain.access.rules import RefreshVerdict, email_to_look_up, judge_refresh, password_to_verify
from domain.access.service import Access
from domain.access.throttle import Limit
from domain.access.tokens import MAX_CREDENTIAL_LENGTH, REFRESH_TOKEN_LIFETIME, digest, new_refresh_token
from domain.access.types import Actor, AuditOutcome, SignedIn, User
from domain.access.user_store import StoredPassword
from domain.kernel.errors import ErrorCode, RateLimited, Unauthenticated
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work

# Only failures count. Whoever fails on purpose can keep another person from signing in, not from the sessions and keys
# that person has; so the window is short, and still far too long to guess a password of twelve characters.
EMAIL_LIMIT = Limit("login-email", 10, 60)
ADDRESS_LIMIT = Limit("login-address", 50, 60)
_WRONG = "The email or the password is wrong."
_NETWORK_BITS = 64
MAX_DEVICE_LENGTH = 200
_REFUSALS = {
    RefreshVerdict.REUSED: "This refresh token was used before, so its session has ended; sign in again.",
    RefreshVerdict.ENDED: "Your session has ended; sign in again.",
    RefreshVerdict.EXPIRED: "Your session has expired; sign in again.",
}


async def login(access: Access, email: str, password: str, client_address: str, code: str | None = None) -> SignedIn:
    """Begin a session.

    A wrong email, a wrong password and an inactive user get the same answer after the same work. The attempt is audited
    either way.

    Raises:
        BadInput: no email or password can look like this.
        RateLimited: too many attempts failed for this email or from this address; see ``retryAfterSeconds``.
        Unauthenticated: email and password do not belong together; or they do and a code is needed (``reason`` is
            CODE_REQUIRED), or the code is wrong (CODE_WRONG), which counts as a failed attempt.
    """
    email, password = email_to_look_up(email), password_to_verify(password)
    address = _parse_address(client_address)
    keys = _throttle_keys(email, address)
    origin = {"address": str(address)} if address is not None else None
    # The turn bounds how many guesses can be under way before the first of them is counted.
    async with access.passwords.turn():
        await _check_throttle(access, keys, email, client_address)
        stored = await user_store.find_password(email)
        matches, new_hash = await access.passwords.verify(password, stored.password_hash if stored else None)
        if stored is None or not matches or not stored.active:
            for limit, key in keys:
                await access.throttle.count(limit, key)
            stored = None
        if stored is not None and code:
            await second_factor.check_guesses(access, stored.user_id)
        try:
            signed_in = await _begin(access, stored, new_hash, origin, code) if stored else None
        except _WrongCode as wrong:
            await second_factor.count_guess(access, wrong.user_id)
            for limit, key in keys:
                await access.throttle.count(limit, key)
            detail = {**(origin or {}), "reason": "CODE_WRONG"}
            await record_refusal(access.bus, None, "login", target_of("email", email), detail=detail)
            raise Unauthenticated("The code is wrong, or was used before.", reason="CODE_WRONG") from None
    if signed_in is None:
        await record_refusal(access.bus, None, "login", target_of("email", email), detail=origin)
        raise Unauthenticated(_WRONG)
    return signed_in


class _WrongCode(Exception):
    """The password was right and the code is not."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__()
        self.user_id = user_id


def _parse_address(client_address: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(client_address)
    except ValueError:
        return None  # The client of a unix socket has none.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _throttle_keys(email: str, address: IPv4Address | IPv6Address | None) -> list[tuple[Limit, str]]:
    # A digest: emails that people tried are nobody's business in Redis, and a key has a bounded length.
    keys = [(EMAIL_LIMIT, hashlib.sha256(email.encode()).hexdigest())]
    if isinstance(address, IPv6Address):
        # One customer of a provider has a whole network of these.
        address = IPv6Address(int(address) >> _NETWORK_BITS << _NETWORK_BITS)
    if address is not None:
        keys.append((ADDRESS_LIMIT, str(address)))
    return keys


async def _check_throttle(access: Access, keys: list[tuple[Limit, str]], email: str, client_address: str) -> None:
    seconds = max([await access.throttle.wait_seconds(limit, key) for limit, key in keys])
    if seconds > 0:
        origin = current_origin() or Origin(client_address, new_id())
        code = ErrorCode.RATE_LIMITED.value
        await access.refusals.note(None, origin, "login", target_of("email", email), code=code)
        raise RateLimited("Too many failed attempts to sign in; try again later.", retryAfterSeconds=seconds)


async def _begin(
    access: Access,
    stored: StoredPassword,
    new_hash: str | None,
    origin: dict[str, str] | None,
    code: str | None,
) -> SignedIn | None:
    """Store the session, unless the user changed since the password was verified."""
    async with unit_of_work(access.bus) as work:
        locked = await user_store.lock_user(work, stored.user_id)
        if locked is None or not locked[0].active or locked[1] != stored.password_hash:
            return None
        user = locked[0]
        if user.totp_confirmed_at is not None:
            if not code:
                raise Unauthenticated("Sign in with a code of your app as well.", reason="CODE_REQUIRED")
            if not await second_factor.accept(access, work, user.id, code):
                raise _WrongCode(user.id)
        if new_hash is not None:
            await user_store.write_user(work, user, new_hash)
        session_id = new_id()
        until = work.now + REFRESH_TOKEN_LIFETIME
        await session_store.insert_session(work, session_id, user.id, until, _place())
        actor = Actor(user_id=user.id, email=user.email, role=user.role, session_id=session_id)
        await record(work, actor, "login", target_of("session", session_id), detail=origin)
        return await _issue(access, work, user, session_id)


def _place() -> session_store.SignInPlace:
    """The address and program of the current request; a program's name is cut to what can be kept."""
    origin = current_origin()
    if origin is None:
        return session_store.NOWHERE
    device = "".join(character if character.isprintable() else " " for character in origin.device)
    return session_store.SignInPlace(
        origin.address[:MAX_ADDRESS_LENGTH] or None, device.strip()[:MAX_DEVICE_LENGTH] or None
    )


async def _issue(access: Access, work: UnitOfWork, user: User, session_id: UUID) -> SignedIn:
    refresh_token = new_refresh_token()
    refresh_until: datetime = work.now + REFRESH_TOKEN_LIFETIME
    await session_store.insert_refresh_token(work, new_id(), session_id, digest(refresh_token), refresh_until)
    access_token, expires_at = access.signer.issue(user.id, session_id, work.now)
    return SignedIn(access_token, refresh_token, expires_at, user)


async def refresh_session(access: Access, refresh_token: str) -> SignedIn:
    """Exchange a refresh token for a new pair of tokens; the old one does not work again.

    A token that was exchanged before is a stolen copy: its whole session ends, and that is audited. Of two calls at
    once with the same token one succeeds, and then the session ends for both.

    Raises:
        Unauthenticated: the token is unknown, used, expired, or its session has ended.
    """
    if not 0 < len(refresh_token) <= MAX_CREDENTIAL_LENGTH or not refresh_token.isascii():
        raise Unauthenticated("This refresh token is not valid; sign in.")
    async with unit_of_work(access.bus) as work:
        outcome = await _rotate(access, work, digest(refresh_token))
    if isinstance(outcome, RefreshVerdict):
        raise Unauthenticated(_REFUSALS[outcome])
    return outcome


async def _rotate(access: Access, work: UnitOfWork, token_hash: str) -> SignedIn | RefreshVerdict:
    found = await session_store.find_token_owner(work, token_hash)
    if found is None:
        raise Unauthenticated("This refresh token is not valid; sign in.")
    user_id, session_id = found
    locked = await user_store.lock_user(work, user_id)
    # Read after the lock: a rotation of the same token that came first is seen.
    state = await session_store.read_refresh_state(work, token_hash)
    if locked is None or state is None:
        return RefreshVerdict.ENDED
    user = locked[0]
    verdict = judge_refresh(state, work.now)
    if verdict is RefreshVerdict.REUSED:
        await session_store.end_session(work, session_id, "refresh token reused")
        await access.changed(work)
        actor = Actor(user_id=user.id, email=user.email, role=user.role, session_id=session_id)
        await record(
            work,
            actor,
            "refreshSession",
            target_of("session", session_id),
            outcome=AuditOutcome.REFUSED,
            detail={"reason": "used twice; the session was ended"},
        )
    if verdict is not RefreshVerdict.ROTATE:
        return verdict
    await session_store.use_refresh_token(work, session_id, token_hash, work.now + REFRESH_TOKEN_LIFETIME, _place())
    actor = Actor(user_id=user.id, email=user.email, role=user.role, session_id=session_id)
    await record(work, actor, "refreshSession", target_of("session", session_id))
    return await _issue(access, work, user, session_id)


async def logout(access: Access, actor: Actor) -> bool:
    """End the actor's session, with every token that belongs to it; False when there is none to end.

    An API key has no session: revoke it instead.
    """
    if actor.session_id is None:
        return False
    async with unit_of_work(access.bus) as work:
        await user_store.lock_user(work, actor.user_id)
        ended = await session_store.end_session(work, actor.session_id, "signed out")
        if ended:
            await access.changed(work)
            await record(work, actor, "logout", target_of("session", actor.session_id))
    return ended


async def end_by_refresh_token(access: Access, refresh_token: str) -> bool:
    """End the session that a refresh token belongs to, used or not; False when there is none to end."""
    if not 0 < len(refresh_token) <= MAX_CREDENTIAL_LENGTH or not refresh_token.isascii():
        return False
    async with unit_of_work(access.bus) as work:
        found = await session_store.find_token_owner(work, digest(refresh_token))
        locked = await user_store.lock_user(work, found[0]) if found else None
        if found is None or locked is None:
            return False
        ended = await session_store.end_session(work, found[1], "signed out")
        if ended:
            user = locked[0]
            actor = Actor(user_id=user.id, email=user.email, role=user.role, session_id=found[1])
            await access.changed(work)
            await record(work, actor, "logout", target_of("session", found[1]))
    return ended
