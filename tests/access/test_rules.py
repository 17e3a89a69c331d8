from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.access.rules import (
    RefreshState,
    RefreshVerdict,
    check_email,
    check_key_expiry,
    check_name,
    check_password,
    common_role,
    email_to_look_up,
    is_guessed_first,
    judge_refresh,
    password_to_verify,
    permissions_with,
)
from domain.access.types import AccountPermission, Role
from domain.kernel.errors import BadInput

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
EMAIL = "ann@example.com"


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann.Lee+desk@Example.COM ", "ann.lee+desk@example.com"),
        ("admin@localhost", "admin@localhost"),
        ("o'neil@xn--bcher-kva.example", "o'neil@xn--bcher-kva.example"),
        ("a" * 64 + "@b.c", "a" * 64 + "@b.c"),
    ],
)
def test_emails_are_stored_in_lower_case(email: str, kept: str) -> None:
    assert check_email(email) == kept


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@@example.com",
        "ann lee@example.com",
        "ann@example..com",
        "ann@-example.com",
        "ann@example.com-",
        "ann@example.com.",
        "ann@example.com\x00",
        "ann\n@example.com",
        "\ud800@example.com",
        "\u212aevin@example.com",  # the Kelvin sign becomes an ASCII k in lower case
        "\uff41nn@example.com",  # full-width a
        "\u0430nn@example.com",  # Cyrillic a
        "ADM\u0130N@example.com",  # a dotted capital I
        "ann@b\u00fccher.example",
        "a" * 65 + "@b.c",
        "a@" + "b" * 64,
        "a@" + "b." * 200 + "c",
        "x" * 5_000_000,
    ],
)
def test_an_email_that_is_not_ascii_or_too_long_is_refused(email: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_email(email)
    assert refused.value.field == "email"


@given(st.text(max_size=80) | st.emails())
def test_an_accepted_email_is_ascii_lower_case_and_stable(text: str) -> None:
    try:
        email = check_email(text)
    except BadInput:
        return
    assert email.isascii()
    assert email == email.lower() == check_email(email) == email_to_look_up(text)


@given(st.text(max_size=80))
@example("\u212aevin@example.com")
@example("a\u1fefb@example.com")  # composes to a grave accent
@example("\u00a0ann@example.com")
def test_an_email_in_another_script_never_matches_an_ascii_email(text: str) -> None:
    try:
        looked_up = email_to_look_up(text)
    except BadInput:
        return
    assert looked_up.isascii() is text.isascii()


@pytest.mark.parametrize("email", ["", "ann@example.com\x00", "\ud800", "x" * 255])
def test_impossible_emails_are_not_looked_up(email: str) -> None:
    with pytest.raises(BadInput) as refused:
        email_to_look_up(email)
    assert refused.value.field == "email"


def test_names_are_trimmed_and_normalised() -> None:
    assert check_name("  Ann  ") == "Ann"
    for name in ("", " ", "a\x00b", "x" * 101):
        with pytest.raises(BadInput) as refused:
            check_name(name)
        assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("elevenchars", "A password needs at least 12 characters."),
        ("", "A password needs at least 12 characters."),
        ("a" * 129, "A password has at most 128 characters."),
        ("x" * 5_000_000, "A password has at most 128 characters."),
        ("abcabcabcabcabc", "A password needs at least 5 different characters."),
        ("correct horse\x00battery", "A password cannot hold control characters."),
        ("correct horse\ud800battery", "A password cannot hold control characters."),
        (EMAIL, "This password is too common."),
        (EMAIL.upper(), "This password is too common."),
        ("PasswordPassword", "This password is too common."),
    ],
)
def test_weak_and_impossible_passwords_are_refused(password: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(password, email=EMAIL)
    assert (refused.value.field, refused.value.message) == ("password", message)


@pytest.mark.parametrize("password", ["twelve chars", "correct horse battery staple", "abcde" * 25 + "abc"])
def test_long_enough_passwords_pass(password: str) -> None:
    assert check_password(password, email=EMAIL) == password


def test_a_password_is_the_same_in_every_unicode_composition() -> None:
    assert check_password("tre\u0301s secre\u0300te", email=EMAIL) == "tr\u00e9s secr\u00e8te"
    assert password_to_verify("tre\u0301s secre\u0300te") == "tr\u00e9s secr\u00e8te"


def test_a_short_password_at_sign_in_is_wrong_and_not_bad_input() -> None:
    assert password_to_verify("x") == "x"


def test_the_expiry_of_a_key_is_in_the_future_and_within_ten_years() -> None:
    check_key_expiry(None, NOW)
    check_key_expiry(NOW + timedelta(seconds=1), NOW)
    check_key_expiry(NOW + timedelta(days=3660), NOW)
    for expires_at in (NOW, NOW - timedelta(days=1), NOW + timedelta(days=3661), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(BadInput) as refused:
            check_key_expiry(expires_at, NOW)
        assert refused.value.field == "expiresAt"


def test_a_key_may_do_what_both_its_role_and_its_owner_may_do() -> None:
    for first in Role:
        assert common_role(first, first) is first
        for second in Role:
            common = common_role(first, second)
            assert common is common_role(second, first)
            assert common.rank <= min(first.rank, second.rank)
    # Otherwise a risk manager could trade with a key for traders.
    assert common_role(Role.TRADER, Role.RISK_MANAGER) is Role.VIEWER
    assert common_role(Role.RISK_MANAGER, Role.ADMIN) is Role.RISK_MANAGER


@pytest.mark.parametrize(
    ("granted", "permission", "after"),
    [
        ("", "READ", "READ"),
        ("READ", "TRADE", "TRADE"),
        ("TRADE", "FUNDS", "FUNDS TRADE"),
        ("FUNDS", "FUNDS", "FUNDS"),
        ("FUNDS TRADE", "READ", "READ"),
    ],
)
def test_the_permissions_trade_and_funds_are_independent_and_read_stands_alone(
    granted: str, permission: str, after: str
) -> None:
    before = frozenset(AccountPermission(name) for name in granted.split())
    assert " ".join(sorted(permissions_with(before, AccountPermission(permission)))) == after


@pytest.mark.parametrize(
    ("used", "expired", "ended", "active", "verdict"),
    [
        (False, False, False, True, RefreshVerdict.ROTATE),
        (False, True, False, True, RefreshVerdict.EXPIRED),
        (True, False, False, True, RefreshVerdict.REUSED),
        (True, True, False, True, RefreshVerdict.REUSED),
        (False, False, True, True, RefreshVerdict.ENDED),
        (True, False, True, True, RefreshVerdict.ENDED),
        (False, False, False, False, RefreshVerdict.ENDED),
        (True, True, True, False, RefreshVerdict.ENDED),
    ],
)
def test_each_state_of_a_refresh_token_has_its_verdict(
    used: bool, expired: bool, ended: bool, active: bool, verdict: RefreshVerdict
) -> None:
    expires_at = NOW if expired else NOW + timedelta(microseconds=1)
    assert judge_refresh(RefreshState(used, expires_at, ended, active), NOW) is verdict


@pytest.mark.parametrize(
    ("password", "is_first"),
    [
        ("password1234!", True),
        ("P@ssw0rd2026!", True),
        ("hunter2hunter2", True),
        ("!!!!password!!!!1", True),
        ("letmeinletmein", True),
        ("1qaz2wsx3edc4rfv", True),
        ("zyxwvutsrqpo", True),
        ("administrator", True),
        ("correct horse battery staple", False),
        ("tradegraph-admin-1", False),
        ("a long enough password", False),
        ("!@#$%^&*()_+{}a", False),
        ("RekkYOV1wbNCwZEtdOtw", False),
        ("4@8({[<369&#!1/|0$5+7%2x" * 4, False),
    ],
)
def test_commonly_guessed_passwords_are_recognised(password: str, *, is_first: bool) -> None:
    assert is_guessed_first(password) is is_first
