"""Market data files: what they mean, and that nothing unreadable passes."""

import gzip
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.market_csv import COLUMNS
from adapters.simulation import MarketDataError, ScenarioError
from adapters.simulation.market_files import read_ticks
from adapters.simulation.scenario import DataSource
from domain.kernel.errors import ErrorCode
from domain.kernel.numbers import ONE
from domain.kernel.time import Nanos
from domain.market.types import AssetClass, Instrument, QuoteTick, TradeTick

X = Instrument(UUID(int=1), "X", "", "", AssetClass.PERPETUAL, "", ONE, ONE, ONE)
FUTURE = replace(X, asset_class=AssetClass.FUTURE)


def source(kind, file, start=None, end=None, default_size=None):
    return DataSource(
        kind,
        file,
        None if start is None else Nanos.parse(start),
        None if end is None else Nanos.parse(end),
        default_size,
    )


def test_quotes_keep_their_nanoseconds(market_dir):
    ticks = list(read_ticks(market_dir, source("quotes", "quotes.csv"), X))
    assert len(ticks) == 4
    assert ticks[1] == QuoteTick(
        "X", Nanos.parse("2024-01-01T00:00:02.000000001Z"), Decimal("99.8"), Decimal(100), Decimal(5), Decimal(3)
    )
    assert ticks[3].at == Nanos.parse("2024-01-01T00:00:04.123456789Z")


def test_futures_may_have_prices_of_any_sign_and_an_empty_side(market_dir):
    rows = ["2024-01-01T00:00:01Z,X,-30.5,-30,1,1", "2024-01-01T00:00:02Z,X,-1,0,1,1", "2024-01-01T00:00:03Z,X,-1,,1,1"]
    (market_dir / "power.csv").write_text("\n".join([COLUMNS["quotes"], *rows]) + "\n")
    ticks = list(read_ticks(market_dir, source("quotes", "power.csv"), FUTURE))
    assert [(tick.bid, tick.ask, tick.no_ask) for tick in ticks] == [
        (Decimal("-30.5"), Decimal(-30), False),
        (Decimal(-1), Decimal(0), False),
        (Decimal(-1), None, True),
    ]
    with pytest.raises(MarketDataError, match="is no price of 'X'"):
        list(read_ticks(market_dir, source("quotes", "power.csv"), replace(FUTURE, inverse=True)))


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, ErrorCode.NOT_FOUND), (f"{COLUMNS['quotes']}\n2024-01-01T00:00:01Z,Z,1,2,,\n", ErrorCode.NOT_FOUND),
     ("nonsense", ErrorCode.BAD_USER_INPUT), (f"{COLUMNS['quotes']}\nnonsense,X\n", ErrorCode.BAD_USER_INPUT),
     (f"{COLUMNS['quotes']}\n2024-01-01T00:00:01Z,X,NaN,2,,\n", ErrorCode.BAD_USER_INPUT)],
)  # fmt: skip
def test_malformed_files_are_bad_input_and_missing_files_are_not_found(market_dir, content, code):
    if content is not None:
        (market_dir / "file.csv").write_text(content)
    with pytest.raises(MarketDataError) as refused:
        list(read_ticks(market_dir, source("quotes", "file.csv"), X))
    assert (refused.value.code, refused.value.exit_status) == (code, 3 if code is ErrorCode.NOT_FOUND else 2)


def test_trade_rows_become_trade_ticks(market_dir):
    ticks = list(read_ticks(market_dir, source("trades", "trades.csv"), X))
    assert ticks[1] == TradeTick("X", Nanos.parse("2024-01-01T00:00:03Z"), Decimal(101), Decimal(3))


def test_rows_of_one_book_update_are_one_tick(market_dir):
    ticks = list(read_ticks(market_dir, source("book", "book.csv.gz"), X))
    assert [(tick.snapshot, len(tick.bids), len(tick.asks)) for tick in ticks] == [
        (True, 2, 2),
        (False, 0, 2),
        (False, 1, 0),
    ]


def test_book_updates_before_the_window_become_one_snapshot(market_dir):
    (tick,) = read_ticks(market_dir, source("book", "book.csv.gz", start="2024-01-01T00:00:03Z"), X)
    assert tick.snapshot
    assert dict(tick.bids) == {Decimal("99.9"): 7, Decimal("99.8"): 2}
    assert dict(tick.asks) == {Decimal("100.1"): 0, Decimal("100.2"): 2, Decimal("100.3"): 4}


GOOD = "2024-01-01T00:00:01Z,X,1,2,1,1"
BAD_ROWS = [
    ("2024-01-01T00:00:00Z,X,1,2,1,1", "time is before"),
    ("2024-01-01T00:00:01,X,1,2,1,1", "no UTC time"),
    ("2024-01-01T00:00:1Z,X,1,2,1,1", "no UTC time"),
    ("2024-01-01T00:00:01.1234567891Z,X,1,2,1,1", "no UTC time"),
    ("2024-01-32T00:00:01Z,X,1,2,1,1", "line 3: day "),
    ("yesterday,X,1,2,1,1", "is not an RFC 3339 time"),
    ("2024-01-01T00:00:02Z,X,one,2,1,1", "'one' is no number"),
    ("2024-01-01T00:00:02Z,X,NaN,2,1,1", "'NaN' is no number"),
    ("2024-01-01T00:00:02Z,X,Infinity,2,1,1", "'Infinity' is no number"),
    ("2024-01-01T00:00:02Z,X,1,-2,1,1", "'-2' is no price of 'X'"),
    ("2024-01-01T00:00:02Z,X,0,2,1,1", "'0' is no price of 'X'"),
    ("2024-01-01T00:00:02Z,X,1,2,1,-1", "'-1' is no size"),
    ("2024-01-01T00:00:02Z,X,1,1E+30,1,1", "'1E+30' is no number"),
    ("2024-01-01T00:00:02Z,X,1,2", "not enough values"),
    ("2024-01-01T00:00:02Z", "list index out of range"),
]


@pytest.mark.parametrize(("row", "problem"), BAD_ROWS)
def test_a_bad_row_is_named(market_dir, row, problem):
    (market_dir / "bad.csv").write_text(f"{COLUMNS['quotes']}\n{GOOD}\n{row}\n")
    with pytest.raises(MarketDataError, match=r"bad\.csv: line 3") as refused:
        list(read_ticks(market_dir, source("quotes", "bad.csv"), X))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2024-01-01T00:00:01Z,X,rumour,B,1,1,,1,", "neither snapshot nor delta"),
        ("2024-01-01T00:00:01Z,X,snapshot,C,1,1,,1,", "neither A nor B"),
        ("2024-01-01T00:00:01Z,X,snapshot,B,1,1,,one,", "invalid literal"),
    ],
)
def test_a_bad_row_of_a_book_is_named(market_dir, row, problem):
    (market_dir / "bad.csv").write_text(f"{COLUMNS['book']}\n{row}\n")
    with pytest.raises(MarketDataError, match=problem):
        list(read_ticks(market_dir, source("book", "bad.csv"), X))


@pytest.mark.parametrize(
    ("kind", "file", "problem"),
    [
        ("quotes", "nowhere.csv", "No such file"),
        ("quotes", "trades.csv", "is no quotes file"),
        ("quotes", ".", "Is a directory"),
    ],
)
def test_a_missing_file_or_one_of_another_kind_is_refused(market_dir, kind, file, problem):
    with pytest.raises(MarketDataError, match=problem):
        list(read_ticks(market_dir, source(kind, file), X))


def test_a_symbol_that_is_not_in_the_file_is_refused(market_dir):
    with pytest.raises(MarketDataError, match=r"quotes\.csv: has nothing of 'Z'"):
        list(read_ticks(market_dir, source("quotes", "quotes.csv"), replace(X, symbol="Z")))


def test_trades_without_sizes_need_a_default_size(market_dir):
    (market_dir / "sizes.csv").write_text(f"{COLUMNS['trades']}\n2024-01-01T00:00:01Z,X,5,,\n")
    with pytest.raises(MarketDataError, match="no sizes"):
        list(read_ticks(market_dir, source("trades", "sizes.csv"), X))
    (tick,) = read_ticks(market_dir, source("trades", "sizes.csv", default_size=Decimal(7)), X)
    assert tick.size == 7


def test_a_book_without_a_snapshot_is_refused(market_dir):
    (market_dir / "deltas.csv").write_text(f"{COLUMNS['book']}\n2024-01-01T00:00:01Z,X,delta,B,1,1,1,1,\n")
    with pytest.raises(MarketDataError, match="no snapshot"):
        list(read_ticks(market_dir, source("book", "deltas.csv"), X))


def test_a_damaged_archive_is_refused(market_dir):
    whole = gzip.compress(f"{COLUMNS['quotes']}\n{GOOD}\n".encode() * 100)
    (market_dir / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    (market_dir / "plain.csv.gz").write_text(COLUMNS["quotes"])
    for name in ("cut.csv.gz", "plain.csv.gz"):
        with pytest.raises(MarketDataError, match=name):
            list(read_ticks(market_dir, source("quotes", name), X))


@pytest.mark.parametrize("file", ["../outside.csv", "/etc/passwd", "a/../../outside.csv"])
def test_a_path_outside_the_market_directory_is_refused(market_dir, file):
    with pytest.raises(ScenarioError, match="leads out of the market directory"):
        read_ticks(market_dir, source("quotes", file), X)
