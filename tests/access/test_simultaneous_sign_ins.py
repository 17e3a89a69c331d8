"""Codes of a second factor that arrive twice in the same moment, on connections of their own: each works once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest

from domain.access.second_factor import STEP_SECONDS
from tests.support.client import ApiError, Client
from tests.support.installation import EMAIL, PASSWORD
from tests.support.serving import serving
from tests.support.trading import platform

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
BEGIN = "mutation { beginTwoFactor { secret } }"
CONFIRM = "mutation ($code: String!) { confirmTwoFactor(code: $code) }"
AT_ONCE = 4


@pytest.fixture
async def admin(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk, serving(desk) as client:
        yield client


async def outcome(address: str, code: str) -> str:
    """The reason of a refused sign-in with a code, or OK."""
    async with Client(address) as client:
        try:
            await client.ask(LOGIN, input={"email": EMAIL, "password": PASSWORD, "code": code})
        except ApiError as error:
            return str(error.extensions["reason"])
    return "OK"


async def test_a_code_that_arrives_twice_at_once_signs_in_once(admin: Client) -> None:
    secret = (await admin.ask(BEGIN))["beginTwoFactor"]["secret"]
    codes = pyotp.TOTP(secret)
    recovery = (await admin.ask(CONFIRM, code=codes.at(time.time())))["confirmTwoFactor"]
    spellings = (recovery[0], recovery[0].upper(), recovery[0].replace("-", ""), f" {recovery[0]} ")
    for sent in ([codes.at(time.time() + STEP_SECONDS)] * AT_ONCE, spellings):
        found = await asyncio.gather(*(outcome(admin.address, code) for code in sent))
        assert sorted(found) == ["CODE_WRONG"] * (AT_ONCE - 1) + ["OK"]
    # The next recovery code is not used up by it.
    assert await outcome(admin.address, recovery[1]) == "OK"
