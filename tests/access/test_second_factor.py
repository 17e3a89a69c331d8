"""Codes of authenticator apps: asked for, taken once, throttled, recovered from, and stored unreadable."""

import asyncio
import re
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import pyotp
import pytest

from domain.access.keys import create_key
from domain.access.password_hashing import CONCURRENT_HASHES
from domain.access.second_factor import CODE_LIMIT, RECOVERY_CODES, STEP_SECONDS, begin, confirm, disable
from domain.access.service import Access
from domain.access.sessions import EMAIL_LIMIT, login
from domain.access.types import Role
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, RateLimited, Unauthenticated
from tests.support.people import ADDRESS, PASSWORD, Person, audited, join, stored


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(time.time() + steps * STEP_SECONDS)


async def protected(access: Access, person: Person) -> tuple[str, list[str]]:
    """Switch on the second factor of a user; returns the secret and the recovery codes."""
    secret = (await begin(access, person.actor)).secret
    return secret, await confirm(access, person.actor, code_of(secret))


async def refusal(access: Access, person: Person, code: str | None, password: str = PASSWORD) -> Any:
    with pytest.raises(Unauthenticated) as refused:
        await login(access, person.user.email, password, ADDRESS, code)
    return refused.value.context.get("reason")


async def test_a_sign_in_asks_for_a_code_and_accepts_each_code_once(access: Access) -> None:
    ann = await join(access, "ann")
    setup = await begin(access, ann.actor)
    assert setup.uri == f"otpauth://totp/Tradegraph:ann%40example.com?secret={setup.secret}&issuer=Tradegraph"
    # Nothing is asked before it is confirmed.
    await login(access, ann.user.email, PASSWORD, ADDRESS)
    used = code_of(setup.secret)
    await confirm(access, ann.actor, used)
    assert await refusal(access, ann, None) == "CODE_REQUIRED"
    assert await refusal(access, ann, used) == "CODE_WRONG"
    assert await refusal(access, ann, "000000" if code_of(setup.secret) != "000000" else "111111") == "CODE_WRONG"
    # Who does not know the password does not hear that there is a code.
    assert await refusal(access, ann, None, "wrong wrong wrong") is None
    code = code_of(setup.secret, 1)
    signed_in = await login(access, ann.user.email, PASSWORD, ADDRESS, f" {code[:3]} {code[3:]} ")
    assert signed_in.user.totp_confirmed_at is not None
    assert await refusal(access, ann, code) == "CODE_WRONG"
    assert [row[2] for row in await audited("confirmTwoFactor")] == ["DONE"]


async def test_a_recovery_code_works_once(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    _, codes = await protected(access, ann)
    await protected(access, bob)
    assert len(set(codes)) == RECOVERY_CODES
    assert all(re.fullmatch(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", code) for code in codes)
    assert await refusal(access, bob, codes[0]) == "CODE_WRONG"
    await login(access, ann.user.email, PASSWORD, ADDRESS, codes[0].upper())
    assert await refusal(access, ann, codes[0]) == "CODE_WRONG"
    await login(access, ann.user.email, PASSWORD, ADDRESS, codes[1].replace("-", ""))


async def test_guesses_of_codes_are_throttled(access: Access) -> None:
    ann = await join(access, "ann")
    secret, _ = await protected(access, ann)
    for _ in range(EMAIL_LIMIT.amount):
        assert await refusal(access, ann, "no-code") == "CODE_WRONG"
    with pytest.raises(RateLimited):
        await login(access, ann.user.email, PASSWORD, ADDRESS, code_of(secret, 1))
    refused = [row for row in await audited("login") if row[2] == "REFUSED"]
    assert len(refused) == EMAIL_LIMIT.amount + 1
    assert "CODE_WRONG" in (refused[0][3] or "")


async def test_a_session_guesses_only_few_codes(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    secret, _ = await protected(access, ann)
    _, codes = await protected(access, bob)
    for _ in range(CODE_LIMIT.amount):
        with pytest.raises(BadInput):
            await disable(access, ann.actor, None, "000-000")
    with pytest.raises(RateLimited) as refused:
        await disable(access, ann.actor, None, code_of(secret, 1))
    assert 0 < refused.value.context["retryAfterSeconds"] <= CODE_LIMIT.window_seconds
    # The same codes are guessed at sign-in.
    with pytest.raises(RateLimited):
        await login(access, ann.user.email, PASSWORD, ADDRESS, code_of(secret, 1))
    assert await refusal(access, ann, None) == "CODE_REQUIRED"
    assert {row[2] for row in await audited("disableTwoFactor")} == {"REFUSED"}
    assert await disable(access, bob.actor, None, codes[0])


async def test_simultaneous_guesses_are_all_counted(access: Access) -> None:
    ann = await join(access, "ann")
    await protected(access, ann)
    guesses = (disable(access, ann.actor, None, f"no-code-{number}") for number in range(3 * CODE_LIMIT.amount))
    kinds = Counter(type(each) for each in await asyncio.gather(*guesses, return_exceptions=True))
    # Of those that are under way when the limit is reached there is one for each turn.
    assert set(kinds) == {BadInput, RateLimited}
    assert CODE_LIMIT.amount <= kinds[BadInput] < CODE_LIMIT.amount + CONCURRENT_HASHES


async def test_secrets_of_a_second_factor_are_encrypted_and_never_audited(access: Access) -> None:
    ann = await join(access, "ann")
    secret, codes = await protected(access, ann)
    kept = repr(await stored())
    assert secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_a_second_factor_is_removed_with_a_code_or_by_an_administrator(access: Access) -> None:
    ann, root = await join(access, "ann"), await join(access, "root", Role.ADMIN)
    bob = await join(access, "bob", Role.RISK_MANAGER)
    _, codes = await protected(access, ann)
    with pytest.raises(BadInput):
        await disable(access, ann.actor, None, None)
    with pytest.raises(BadInput):
        await disable(access, ann.actor, ann.id, "000-000")
    with pytest.raises(Forbidden):
        await disable(access, bob.actor, ann.id, codes[0])
    with pytest.raises(NotFound):
        await disable(access, root.actor, uuid4(), None)
    assert await refusal(access, ann, None) == "CODE_REQUIRED"
    assert await disable(access, ann.actor, None, codes[0])
    await login(access, ann.user.email, PASSWORD, ADDRESS)
    assert not await disable(access, ann.actor, None, codes[0])
    await protected(access, ann)
    assert await disable(access, root.actor, ann.id, None)
    await login(access, ann.user.email, PASSWORD, ADDRESS)
    done = [row[0] for row in await audited("disableTwoFactor") if row[2] == "DONE"]
    assert done == [ann.user.email, root.user.email]
    (row,) = await fetch("SELECT totp_sealed, recovery_hashes FROM users WHERE id = $1", ann.id)
    assert (row["totp_sealed"], row["recovery_hashes"]) == (None, None)


async def test_an_invalid_step_is_refused_and_changes_nothing(access: Access) -> None:
    ann, root = await join(access, "ann"), await join(access, "root", Role.ADMIN)
    _, text = await create_key(access, root.actor, name="bot", role=Role.ADMIN)
    bot = await access.authenticate(text)
    await access.close()
    before = await stored()
    with pytest.raises(Conflict):
        await confirm(access, ann.actor, "123456")
    for asked in (begin(access, bot), confirm(access, bot, "1"), disable(access, bot, ann.id, None)):
        with pytest.raises(Forbidden):
            await asked
    assert await stored() == before
    secret, _ = await protected(access, ann)
    before = await stored()
    with pytest.raises(Conflict):
        await begin(access, ann.actor)
    with pytest.raises(Conflict):
        await confirm(access, ann.actor, code_of(secret, 1))
    assert await stored() == before
    await begin(access, root.actor)
    for wrong in ("", "x" * 10_000, "\ud800", "\uff10\uff11\uff12"):
        with pytest.raises(BadInput):
            await confirm(access, root.actor, wrong)
