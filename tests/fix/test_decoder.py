"""Messages out of bytes: whole ones in any portions, garbled ones left out, and no FIX at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fix.decoder import MAX_BODY_BYTES, Decoder, NotFix
from adapters.fix.message import Header, Malformed, Message, encode, read_time, write_time

NOW = datetime(2026, 3, 2, 14, 30, 15, 123000, tzinfo=UTC)
HEADER = Header("US", "THEM", 7)
VALUES = st.text(st.characters(exclude_characters="\x01", exclude_categories=["Cs"]), min_size=1, max_size=20)
FIELDS = st.lists(st.tuples(st.sampled_from([11, 55, 58, 1, 100]), VALUES), max_size=6)


def decoded(data: bytes) -> list[Message]:
    return list(Decoder().feed(data))


def test_a_message_is_encoded_with_length_and_checksum() -> None:
    assert encode("0", HEADER, (), NOW) == (
        b"8=FIX.4.4\x019=49\x0135=0\x0149=US\x0156=THEM\x0134=7\x0152=20260302-14:30:15.123\x0110=168\x01"
    )


def test_a_resent_message_is_marked_as_possible_duplicate() -> None:
    data = encode("8", Header("US", "THEM", 7, "20260302-14:00:00.000"), ((11, "A"),), NOW)
    (message,) = decoded(data)
    assert (message.get(43), message.get(122), message.get(11)) == ("Y", "20260302-14:00:00.000", "A")


@given(st.lists(FIELDS, min_size=1, max_size=4), st.data())
def test_messages_are_decoded_from_portions_of_any_size(
    bodies: list[list[tuple[int, str]]], data: st.DataObject
) -> None:
    whole = b"".join(encode("D", HEADER, body, NOW) for body in bodies)
    decoder, found, place = Decoder(), [], 0
    while place < len(whole):
        step = data.draw(st.integers(1, 60))
        found += list(decoder.feed(whole[place : place + step]))
        place += step
    assert [list(message.body()) for message in found] == bodies


@given(FIELDS, st.data())
def test_a_garbled_message_is_ignored_and_the_next_one_is_decoded(
    body: list[tuple[int, str]], data: st.DataObject
) -> None:
    good = encode("D", HEADER, ((11, "GOOD"),), NOW)
    bad = bytearray(encode("D", HEADER, [*body, (58, "a")], NOW))
    place = data.draw(st.integers(bad.index(b"35="), len(bad) - 9))
    bad[place] ^= data.draw(st.sampled_from([1, 2, 4]))
    found = decoded(bytes(bad) + good)
    assert found[-1].get(11) == "GOOD"
    assert len(found) == 1


def test_raw_data_fields_may_contain_the_separator() -> None:
    (message,) = decoded(encode("A", HEADER, ((95, "5"), (96, "a\x01b=c"), (108, "30")), NOW))
    assert (message.get(96), message.get(108)) == ("a\x01b=c", "30")


@pytest.mark.parametrize(
    "data",
    [
        b"8=FIX.4.2\x019=5\x01",
        b"8=FIXT.1.1\x01",
        b"8=FIX.4.4\x019=99999\x01",
        b"GET / HTTP/1.1\r\n" * (MAX_BODY_BYTES // 16 + 1),
        b"8=FIX" + b"x" * 40,
    ],
)
def test_bytes_that_are_not_fix_4_4_end_the_connection(data: bytes) -> None:
    with pytest.raises(NotFix):
        decoded(data)


def test_an_incomplete_message_is_waited_for() -> None:
    assert decoded(b"8=FI") == decoded(b"8=FIX.4.4\x019=5") == decoded(b"noise") == []


@pytest.mark.parametrize(
    ("value", "micros"),
    [("20260302-14:30:15", 0), ("20260302-14:30:15.123", 123000), ("20260302-14:30:15.123456789", 123456)],
)
def test_times_are_encoded_and_decoded(value: str, micros: int) -> None:
    assert read_time(value, 60) == NOW.replace(microsecond=micros)
    assert write_time(NOW) == "20260302-14:30:15.123"


@pytest.mark.parametrize("value", ["1e3", "NaN", "Infinity", "1,5", "", "--1", "1.2.3", "٣", "1" * 50])
def test_a_decimal_number_of_fix_has_digits_only(value: str) -> None:
    with pytest.raises(Malformed) as caught:
        Message(((35, "D"), (38, value))).decimal(38)
    assert caught.value.tag == 38
