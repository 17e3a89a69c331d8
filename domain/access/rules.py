"""Rules of names, emails, passwords, keys and refresh tokens. Pure."""

import re
import string
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # it has no types

from domain.access.types import AccountPermission, Permissions, Role
from domain.kernel.errors import BadInput
from domain.kernel.text import clean_text

MAX_SESSIONS = 1_000  # of one user; the oldest give way
MAX_KEYS = 100  # of one user, revoked ones not counted
MAX_KEY_LIFETIME = timedelta(days=3660)
MAX_EMAIL_LENGTH = 254
MAX_LOCAL_PART_LENGTH = 64
MAX_NAME_LENGTH = 100
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 128
MIN_DISTINCT_CHARACTERS = 5

# ASCII alone: two addresses that look the same are the same. A domain in another script has an ASCII spelling (xn--).
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
# The passwords that people use most, as a library has them; and rows of keys that are long enough.
_COMMON = frozenset({*FREQUENCY_LISTS["passwords"], "administrator"})
_ROWS = ("1234567890" * 2, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_ROW_LENGTH = 6
# What people write for letters, and around a word.
_LETTERS = str.maketrans("4@831!05$7", "aabeiiosst")
_AROUND = string.digits + string.punctuation + " "


def check_email(email: str) -> str:
    """The address in lower case.

    Raises:
        BadInput: it is not an email address of ASCII characters.
    """
    text = clean_text(email, field="email", max_length=MAX_EMAIL_LENGTH).lower()
    # The original is asked: composing and lowering turn some letters of other scripts into ASCII ones.
    if not email.isascii() or _EMAIL.fullmatch(text) is None or len(text.partition("@")[0]) > MAX_LOCAL_PART_LENGTH:
        raise BadInput("This is not an email address such as name@example.com (ASCII characters only).", field="email")
    return text


def email_to_look_up(email: str) -> str:
    """The form in which an email given at sign-in is looked up; an address that is not ASCII matches nobody.

    Raises:
        BadInput: no address can hold this.
    """
    text = clean_text(email, field="email", max_length=MAX_EMAIL_LENGTH).lower()
    return text if email.isascii() else email


def check_name(name: str) -> str:
    """A name of a person or a key, cleaned.

    Raises:
        BadInput: it is empty, longer than 100 characters or holds what cannot be shown.
    """
    return clean_text(name, field="name", max_length=MAX_NAME_LENGTH)


def password_to_verify(password: str) -> str:
    """A password given at sign-in in the form that is hashed: keyboards compose characters differently.

    Raises:
        BadInput: no password can look like this.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        raise BadInput(f"A password has at most {MAX_PASSWORD_LENGTH} characters.", field="password")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise BadInput("A password cannot hold control characters.", field="password")
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, email: str) -> str:
    """A new password in the form that is hashed.

    Raises:
        BadInput: it is too short, too long, too uniform, the person's own address or a common password.
    """
    text = password_to_verify(password)
    if len(text) < MIN_PASSWORD_LENGTH:
        raise BadInput(f"A password needs at least {MIN_PASSWORD_LENGTH} characters.", field="password")
    if len(set(text)) < MIN_DISTINCT_CHARACTERS:
        raise BadInput(f"A password needs at least {MIN_DISTINCT_CHARACTERS} different characters.", field="password")
    if text.lower() in (email, email.partition("@")[0]) or is_guessed_first(text):
        raise BadInput("This password is too common.", field="password")
    return text


def is_guessed_first(password: str) -> bool:
    """True for a password that is a common one or a row of keys, once or repeated.

    Marks and digits around it, and digits for letters, make it no better.
    """
    text = _repeated(password.lower())
    trimmed = {text, text.strip(_AROUND), text.rstrip(_AROUND)}
    forms = {_alone(form) for form in trimmed} | {_alone(form.translate(_LETTERS)) for form in trimmed}
    # What is left has to be most of it: marks in plenty around a word are a password.
    telling = [_repeated(form) for form in forms if 2 * len(form) >= len(text)]
    rows = any(form in row or form[::-1] in row for form in telling if len(form) >= _ROW_LENGTH for row in _ROWS)
    return rows or any(form in _COMMON for form in telling)


def _alone(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _repeated(text: str) -> str:
    """The shortest text whose repetition is ``text``; ``text`` itself if there is no shorter one."""
    size = (text + text).find(text, 1)
    return text[:size]


def check_key_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Check the expiry of an API key.

    Raises:
        BadInput: it is in the past, or further away than ten years.
    """
    if expires_at is None:
        return
    if expires_at <= now:
        raise BadInput("A key must expire in the future.", field="expiresAt")
    if expires_at > now + MAX_KEY_LIFETIME:
        raise BadInput(
            "A key is valid for at most ten years; omit this field for a key that never expires.", field="expiresAt"
        )


def common_role(first: Role, second: Role) -> Role:
    """The role with the rights that both roles have: the role of a key used for its owner.

    A TRADER may trade and a RISK_MANAGER may not, so together they have the rights of a VIEWER.
    """
    if {first, second} == {Role.TRADER, Role.RISK_MANAGER}:
        return Role.VIEWER
    return min(first, second, key=lambda role: role.rank)


def permissions_with(granted: Permissions, permission: AccountPermission) -> Permissions:
    """The permissions of a user after ``permission`` is granted beside those already ``granted``.

    TRADE and FUNDS are separate: one does not replace the other, and both let the account be seen. READ replaces the
    others.
    """
    if permission is AccountPermission.READ:
        return frozenset({permission})
    return (granted - {AccountPermission.READ}) | {permission}


@dataclass(frozen=True, slots=True)
class RefreshState:
    """The state of a refresh token while its session is locked."""

    used: bool
    expires_at: datetime
    session_ended: bool
    user_active: bool


class RefreshVerdict(Enum):
    """The outcome of an attempt to use a refresh token."""

    ROTATE = auto()
    REUSED = auto()
    ENDED = auto()
    EXPIRED = auto()


def judge_refresh(state: RefreshState, now: datetime) -> RefreshVerdict:
    """Decide on the use of a refresh token. A token works once; a second use means that it was copied."""
    if state.session_ended or not state.user_active:
        return RefreshVerdict.ENDED
    if state.used:
        return RefreshVerdict.REUSED
    if state.expires_at <= now:
        return RefreshVerdict.EXPIRED
    return RefreshVerdict.ROTATE
