"""Ticks survive the way through bytes exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redis.tick_codec import decode_ticks, encode_ticks
from domain.kernel.time import Nanos
from domain.market.types import Aggressor, BookTick, QuoteTick, RestatedQuote, StreamTick, TradeTick

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**15), max_value=10**15)
optional = st.none() | numbers
symbols = st.text(min_size=1, max_size=20)
times = st.integers(min_value=0, max_value=2**63 - 1).map(Nanos)
levels = st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple)
ticks: st.SearchStrategy[StreamTick] = st.one_of(
    st.builds(QuoteTick, symbols, times, *[optional] * 7),
    st.builds(TradeTick, symbols, times, numbers, numbers, st.none() | st.sampled_from(Aggressor)),
    st.builds(RestatedQuote, symbols, times, *[optional] * 8),
    st.builds(BookTick, symbols, times, st.booleans(), levels, levels),
)


@given(st.lists(ticks, max_size=5))
def test_every_batch_of_ticks_round_trips(batch: list[StreamTick]) -> None:
    assert decode_ticks(encode_ticks(batch)) == batch


def test_digits_are_kept_as_written() -> None:
    (tick,) = decode_ticks(encode_ticks([TradeTick("A", Nanos(1), Decimal("1.50"), Decimal("1E+3"))]))
    assert isinstance(tick, TradeTick)
    assert (str(tick.price), str(tick.size)) == ("1.50", "1E+3")


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"{}x", b"1", b"[1]", b"[[]]", b'[["x","A",1]]', b'[["t","A",1,"NaNa","1",null]]', b'[["q"]]'],
)
def test_bytes_that_are_no_batch_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  orjson's own message for what is not JSON
        decode_ticks(payload)
