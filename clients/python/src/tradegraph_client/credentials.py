"""Credentials of a client: an API key, or a person with a password whose session is renewed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

LOGIN: Final = """mutation login($input: LoginInput!) {
  login(input: $input) { accessToken refreshToken expiresAt }
}"""
REFRESH: Final = """mutation refreshSession($token: String!) {
  refreshSession(refreshToken: $token) { accessToken refreshToken expiresAt }
}"""
# A token is renewed while it is still good for a while, so that none expires on its way.
_MARGIN_SECONDS: Final = 60.0
_MARGIN_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that ``createApiKey`` gave out."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Password:
    """A person that signs in.

    Attributes:
        code: Gives a code of the authenticator app each time that signing in needs one.
    """

    email: str
    password: str = field(repr=False)
    code: Callable[[], str] | None = field(default=None, repr=False)

    def login(self, *, with_code: bool) -> dict[str, Any]:
        """The input of ``login``."""
        given = {"email": self.email, "password": self.password}
        return given | {"code": self.code()} if with_code and self.code is not None else given


Credential = ApiKey | Password


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session's tokens, and the moment from which the access token is to be renewed."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    renew_at: float

    @classmethod
    def of(cls, session: dict[str, Any], server_time: datetime, monotonic: float) -> "Tokens":
        """Of an answer of ``login`` or ``refreshSession``, by the server's clock."""
        lifetime = (datetime.fromisoformat(session["expiresAt"]) - server_time).total_seconds()
        margin = min(_MARGIN_SECONDS, lifetime * _MARGIN_SHARE)
        return cls(session["accessToken"], session["refreshToken"], monotonic + lifetime - margin)
