"""The second factor of a sign-in: one-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

The secret of the codes is stored encrypted with a key that is made from the platform's own secret, recovery codes as
digests. A code works once: one of a time step that was used, or of an earlier one, is refused.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.access import factor_store, user_store
from domain.access.audit import record, record_refusal, target_of
from domain.access.factor_store import Factor
from domain.access.service import Access
from domain.access.throttle import Limit
from domain.access.tokens import digest
from domain.access.types import Actor, Role
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, RateLimited
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work

ISSUER = "Tradegraph"
STEP_SECONDS = 30
RECOVERY_CODES = 10
MAX_CODE_LENGTH = 40
# Three of a million codes are right at a time. Only who knows the password or has a session gets as far as guessing.
CODE_LIMIT = Limit("second-factor", 20, 900)
_RECOVERY_BYTES = 8
# A clock of a phone may be wrong by so many steps.
_SKEW_STEPS = (0, -1, 1)
_PURPOSE = b"tradegraph second factor"
_WRONG = "The code is wrong, or was used before."


@dataclass(frozen=True, slots=True)
class Setup:
    """The secret of the codes, shown once, and the same as an address for a QR code."""

    secret: str
    uri: str


async def begin(access: Access, actor: Actor) -> Setup:
    """A new secret for the actor, in force once it is confirmed with a code; another call replaces it.

    Raises:
        Forbidden: an API key asks.
        Conflict: codes are in force already.
    """
    _require_session(actor)
    secret = pyotp.random_base32()
    async with unit_of_work(access.bus) as work:
        await user_store.lock_user(work, actor.user_id)
        factor = await factor_store.read_factor(work, actor.user_id)
        if factor.confirmed_at is not None:
            raise Conflict("The second factor is on already; disable it first.")
        await factor_store.write_secret(work, actor.user_id, _vault(access).encrypt(secret.encode()).decode())
        await record(work, actor, "beginTwoFactor", target_of("user", actor.user_id))
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=actor.email, issuer_name=ISSUER))


async def confirm(access: Access, actor: Actor, code: str) -> list[str]:
    """Put the codes in force; the recovery codes, which are told once and work once each.

    Raises:
        Forbidden: an API key asks.
        Conflict: codes are in force already, or none were begun.
        BadInput: the code is wrong.
    """
    _require_session(actor)
    async with unit_of_work(access.bus) as work:
        await user_store.lock_user(work, actor.user_id)
        factor = await factor_store.read_factor(work, actor.user_id)
        if factor.sealed is None or factor.confirmed_at is not None:
            raise Conflict("There is no second factor to confirm: begin one first.")
        step = _matching_step(access, factor, code, work.now)
        if step is None:
            raise BadInput(_WRONG, field="code")
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        await factor_store.confirm(work, actor.user_id, step, [digest(_plain(each)) for each in codes])
        await record(work, actor, "confirmTwoFactor", target_of("user", actor.user_id))
    return codes


async def disable(access: Access, actor: Actor, user_id: UUID | None, code: str | None) -> bool:
    """Take a second factor away: one's own with a code or recovery code, as an administrator anybody else's without.

    False when there is none. A wrong code is audited and counted: a stolen session does not guess codes.

    Raises:
        Forbidden: an API key asks, or no administrator for somebody else.
        NotFound: there is no such user.
        BadInput: the code is wrong or missing.
        RateLimited: too many codes were wrong; see ``retryAfterSeconds``.
    """
    _require_session(actor)
    wanted = actor.user_id if user_id is None else user_id
    if wanted != actor.user_id:
        if actor.role is not Role.ADMIN:
            raise Forbidden("Only an administrator may disable the second factor of another user.")
        return await _disable(access, actor, wanted, None)
    # The turn bounds how many guesses can be under way before the first of them is counted.
    async with access.passwords.turn():
        await check_guesses(access, wanted)
        try:
            return await _disable(access, actor, wanted, code or "")
        except BadInput:
            await count_guess(access, wanted)
            detail = {"reason": "CODE_WRONG"}
            await record_refusal(access.bus, actor, "disableTwoFactor", target_of("user", wanted), detail=detail)
            raise


async def _disable(access: Access, actor: Actor, wanted: UUID, code: str | None) -> bool:
    async with unit_of_work(access.bus) as work:
        if await user_store.lock_user(work, wanted) is None:
            raise NotFound("There is no such user.", field="userId")
        factor = await factor_store.read_factor(work, wanted)
        if factor.confirmed_at is None:
            return False
        if code is not None and not await accept(access, work, wanted, code):
            raise BadInput(_WRONG, field="code")
        await factor_store.remove(work, wanted)
        await record(work, actor, "disableTwoFactor", target_of("user", wanted))
    return True


async def check_guesses(access: Access, user_id: UUID) -> None:
    """Check that another code of a user may be tried.

    Raises:
        RateLimited: too many were wrong; see ``retryAfterSeconds``.
    """
    seconds = await access.throttle.wait_seconds(CODE_LIMIT, str(user_id))
    if seconds > 0:
        raise RateLimited("Too many wrong codes; try again later.", retryAfterSeconds=seconds)


async def count_guess(access: Access, user_id: UUID) -> None:
    """Count a wrong code of a user."""
    await access.throttle.count(CODE_LIMIT, str(user_id))


async def accept(access: Access, work: UnitOfWork, user_id: UUID, code: str) -> bool:
    """True for the right code or recovery code of a locked user, which is used up by it."""
    if not 0 < len(code) <= MAX_CODE_LENGTH:
        return False
    factor = await factor_store.read_factor(work, user_id)
    step = _matching_step(access, factor, code, work.now)
    if step is not None:
        await factor_store.use_step(work, user_id, step)
        return True
    return await factor_store.use_recovery_code(work, user_id, digest(_plain(code)))


def _matching_step(access: Access, factor: Factor, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to, if it is near and later than the last one used."""
    if factor.sealed is None:
        return None
    try:
        secret = _vault(access).decrypt(factor.sealed.encode()).decode()
    except InvalidToken:
        # The platform has another secret now; recovery codes and administrators help.
        return None
    current, given = int(now.timestamp()) // STEP_SECONDS, _plain(code)
    codes = pyotp.TOTP(secret, interval=STEP_SECONDS)
    for skew in _SKEW_STEPS:
        step = current + skew
        right = compare_digest(codes.generate_otp(step).encode(), given.encode("utf-8", "replace"))
        if right and step > (factor.last_step or 0):
            return step
    return None


def _require_session(actor: Actor) -> None:
    if actor.via != "session":
        raise Forbidden("An API key cannot change the sign-in of its owner: use a session.")


def _vault(access: Access) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(access.secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def _recovery_code() -> str:
    text = secrets.token_hex(_RECOVERY_BYTES)
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _plain(code: str) -> str:
    """A code without the separators that people write."""
    return "".join(code.split()).replace("-", "").lower()
