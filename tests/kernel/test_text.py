import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import BadInput
from domain.kernel.text import clean_text


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("Ann", "Ann"),
        ("  Ann Lee\u00a0", "Ann Lee"),
        ("Zoe\u0308", "Zoë"),
        ("\u674e\u660e", "\u674e\u660e"),
        ("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc", "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"),
    ],
)
def test_text_is_trimmed_and_normalised(given_text: str, kept: str) -> None:
    assert clean_text(given_text, field="name", max_length=100) == kept


@pytest.mark.parametrize(
    "character",
    [
        *("\x00", "\x1b", "\n", "\t", "\x7f", "\x85", "\ud800", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff"),
        *("\u200e", "\u061c", "\u206a", "\u00ad", "\u2062", "\u3164", "\ufff9", "\U000e0041", "\U000e007f"),
    ],
)
def test_unstorable_and_invisible_text_is_refused(character: str) -> None:
    with pytest.raises(BadInput) as refused:
        clean_text(f"An{character}n", field="name", max_length=100)
    assert refused.value.message == f"The character U+{ord(character):04X} cannot be used here."
    assert refused.value.field == "name"


def test_line_breaks_are_allowed_on_request_only() -> None:
    assert clean_text("one\n\ttwo\n", field="note", max_length=100, multiline=True) == "one\n\ttwo"
    with pytest.raises(BadInput):
        clean_text("one\rtwo", field="note", max_length=100, multiline=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This must not be empty."),
        ("   ", "This must not be empty."),
        ("x" * 101, "At most 100 characters are allowed."),
        ("x" * 10_000_000, "At most 100 characters are allowed."),
    ],
)
def test_the_length_of_text_is_bounded(text: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        clean_text(text, field="name", max_length=100)
    assert refused.value.message == message


def test_a_text_below_its_minimum_is_refused_with_the_minimum() -> None:
    with pytest.raises(BadInput) as refused:
        clean_text("ab", field="symbol", max_length=10, min_length=3)
    assert refused.value.message == "At least 3 characters are needed."


@given(st.text(max_size=60))
def test_accepted_text_can_be_stored_and_is_accepted_again(text: str) -> None:
    try:
        cleaned = clean_text(text, field="name", max_length=50)
    except BadInput:
        return
    assert 1 <= len(cleaned) <= 50
    assert cleaned == unicodedata.normalize("NFC", cleaned) == clean_text(cleaned, field="name", max_length=50)
    assert "\x00" not in cleaned.encode("utf-8").decode("utf-8")
