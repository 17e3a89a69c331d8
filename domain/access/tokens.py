"""Credentials as text: signed access tokens, and opaque refresh tokens and API keys that are stored as digests.

An access token is a JWT (HS256, RFC 7519) that names a user and a session; it expires after fifteen minutes, or earlier
with its session. Refresh tokens and the secret part of API keys are 32 random bytes.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from jwt.types import Options
from jwt.utils import base64url_decode, base64url_encode

from domain.kernel.errors import Unauthenticated
from domain.kernel.ids import new_id

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
MIN_SECRET_LENGTH = 32
MAX_CREDENTIAL_LENGTH = 1024
KEY_MARK = "tg_"
_ALGORITHM = "HS256"
_ISSUER = "tradegraph"
_SECRET_BYTES = 32
_PREFIX_BYTES = 5
_CLAIMS = ["iss", "sub", "sid", "iat", "exp", "jti"]
# Expiry is compared with the caller's clock; a clock of another process that runs ahead is no reason to refuse.
_CHECKS: Options = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of an access token; ``expires_at`` may lie in the past."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class TokenSigner:
    """Issues and reads access tokens with one secret."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        if len(secret) < MIN_SECRET_LENGTH:
            raise ValueError(f"the secret that signs tokens needs at least {MIN_SECRET_LENGTH} characters")
        self._secret = secret.encode()

    def issue(self, user_id: UUID, session_id: UUID, now: datetime) -> tuple[str, datetime]:
        """An access token and its expiry, on a whole second."""
        issued = int(now.timestamp())
        expires = issued + int(ACCESS_TOKEN_LIFETIME.total_seconds())
        claims = {
            "iss": _ISSUER,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": issued,
            "exp": expires,
            "jti": str(new_id()),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), datetime.fromtimestamp(expires, UTC)

    def read(self, token: str) -> Claims:
        """The content of a token after its signature is verified.

        Raises:
            Unauthenticated: it is no access token of this installation.
        """
        try:
            _require_canonical(token)
            claims = jwt.decode(token, self._secret, algorithms=[_ALGORITHM], issuer=_ISSUER, options=_CHECKS)
            return Claims(
                user_id=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
            raise Unauthenticated("This access token is not valid; sign in.") from error


def _require_canonical(token: str) -> None:
    """Check that a token's signature is written as it is issued: base64 has several spellings of the same bytes.

    Raises:
        ValueError: it is written differently.
    """
    signature = token.rpartition(".")[2]
    if signature != base64url_encode(base64url_decode(signature)).decode():
        raise ValueError("not the spelling of base64 that is issued")


def digest(secret: str) -> str:
    """The SHA-256 of a secret of full entropy, hexadecimal: the only stored form of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_refresh_token() -> str:
    """An opaque token of 32 random bytes."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_api_key() -> tuple[str, str]:
    """The visible prefix, and the whole key: ``tg_<10 hexadecimal digits>_<secret>``."""
    prefix = f"{KEY_MARK}{secrets.token_hex(_PREFIX_BYTES)}"
    return prefix, f"{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def key_prefix(key: str) -> str | None:
    """The prefix of a text that may be an API key, or None when it cannot be one."""
    prefix, mark, secret = key[len(KEY_MARK) :].partition("_")
    if not key.startswith(KEY_MARK) or not mark or not secret or len(prefix) != 2 * _PREFIX_BYTES or not key.isascii():
        return None
    return KEY_MARK + prefix
