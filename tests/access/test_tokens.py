import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from domain.access.tokens import (
    Claims,
    TokenSigner,
    digest,
    key_prefix,
    new_api_key,
    new_refresh_token,
)
from domain.kernel.errors import Unauthenticated

SECRET = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 1, 31, 9, 30, 0, 999_999, tzinfo=UTC)
USER = UUID(int=1)
SESSION = UUID(int=2)


def claims_of(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def test_a_token_holds_user_session_and_expiry_and_no_secret() -> None:
    token, expires_at = TokenSigner(SECRET).issue(USER, SESSION, NOW)
    assert expires_at == datetime(2026, 1, 31, 9, 45, tzinfo=UTC)
    assert TokenSigner(SECRET).read(token) == Claims(USER, SESSION, expires_at)
    claims = claims_of(token)
    assert claims.pop("jti") != claims_of(TokenSigner(SECRET).issue(USER, SESSION, NOW)[0])["jti"]
    issued = int(datetime(2026, 1, 31, 9, 30, tzinfo=UTC).timestamp())
    assert claims == {"iss": "tradegraph", "sub": str(USER), "sid": str(SESSION), "iat": issued, "exp": issued + 900}


def test_reading_a_token_ignores_its_expiry() -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    token, expires_at = TokenSigner(SECRET).issue(USER, SESSION, long_ago)
    assert TokenSigner(SECRET).read(token).expires_at == expires_at
    ahead, _ = TokenSigner(SECRET).issue(USER, SESSION, datetime.now(UTC) + timedelta(hours=1))
    assert TokenSigner(SECRET).read(ahead).session_id == SESSION


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        TokenSigner("0123456789abcdef")


def signed(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    claims: dict[str, object] = {
        "iss": "tradegraph",
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": 1_769_850_000,
        "exp": 4_000_000_000,
        "jti": "1",
    }
    claims.update(changes)
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, secret if algorithm != "none" else "", algorithm=algorithm)


def test_the_reference_token_of_the_refusal_tests_is_valid() -> None:
    assert TokenSigner(SECRET).read(signed()).user_id == USER


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "\x00.\x00.\x00",
        "\ud800",
        "é.é.é",
        signed(secret="another secret of the same length"),
        signed(algorithm="none"),
        signed(algorithm="HS384", secret=SECRET + "0123456789abcdef"),
        signed(iss="somebody else"),
        signed(iss=None),
        signed(sub=None),
        signed(sid=None),
        signed(exp=None),
        signed(jti=None),
        signed(sub="ann"),
        signed(sid="1"),
        signed(sid=7),
        signed(exp=10**30),
        signed(exp="tomorrow"),
        signed()[:-2],
        signed() + "x",
        # Other spellings of the same signature.
        signed() + "=",
        f"{signed()[:-1]}{chr(ord(signed()[-1]) + 1)}",
        ".".join([signed().split(".")[0], signed(sub=str(UUID(int=9))).split(".")[1], signed().split(".")[2]]),
    ],
)
def test_a_token_with_any_difference_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^This access token is not valid; sign in\.$"):
        TokenSigner(SECRET).read(token)


def test_generated_secrets_are_long_and_unique() -> None:
    assert len({new_refresh_token() for _ in range(100)}) == 100
    assert len(new_refresh_token()) == 43
    assert len(digest(new_refresh_token())) == 64


def test_an_api_key_begins_with_its_public_prefix() -> None:
    for _ in range(100):
        prefix, key = new_api_key()
        assert len(prefix) == 13
        assert key.startswith(f"{prefix}_")
        assert key_prefix(key) == prefix
        assert len(key) == 13 + 1 + 43


@pytest.mark.parametrize(
    "key",
    ["", "tg_", "tg_0123456789", "tg_0123456789_", "tg_01234567_secret", "xx_0123456789_secret", "tg_0123456789_é"],
)
def test_a_malformed_api_key_has_no_prefix(key: str) -> None:
    assert key_prefix(key) is None
