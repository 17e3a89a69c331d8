"""Recorded files as ticks, compared row by row with the rows themselves, and files that are wrong."""

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.feeds.feed import FeedError
from adapters.feeds.files import DEFAULT_SIZE, find_files, read_ticks
from domain.kernel.time import Nanos
from domain.market.types import Aggressor, BookTick, QuoteTick, TradeTick
from tests.support.market import nanos, recording

QUOTES = "ts,symbol,bid,ask,bid_size,ask_size"
TRADES = "ts,symbol,price,size,side"
BOOKS = "ts,symbol,event,side,price,size,first_id,last_id,prev_id"


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "name", ["quotes/btcusd_perp_coinm_binance_20240808.csv.gz", "quotes/eurusd_oanda_20140507.csv.gz"]
)
def test_each_recorded_quote_row_becomes_its_tick(name: str) -> None:
    path = recording(name)
    rows, ticks = rows_of(path), list(read_ticks(path))
    assert len(ticks) == len(rows) > 10_000
    for row, tick in zip(rows, ticks, strict=True):
        assert tick == QuoteTick(
            row["symbol"],
            Nanos.parse(row["ts"]),
            Decimal(row["bid"]),
            Decimal(row["ask"]),
            Decimal(row["bid_size"] or DEFAULT_SIZE),
            Decimal(row["ask_size"] or DEFAULT_SIZE),
        )
    assert ticks[0].at % 10 == (5 if "binance" in name else 0)  # nanoseconds are there where the source has them


@pytest.mark.parametrize(
    "name", ["trades/btcusd_perp_coinm_binance_20240808.csv.gz", "trades/btcusd_bitstamp_2011-2012.csv.gz"]
)
def test_each_recorded_trade_row_becomes_its_tick(name: str) -> None:
    path = recording(name)
    rows, ticks = rows_of(path), list(read_ticks(path))
    assert len(ticks) == len(rows) > 2_000
    for row, tick in zip(rows, ticks, strict=True):
        side = Aggressor(row["side"]) if row["side"] else None
        price, size = Decimal(row["price"]), Decimal(row["size"])
        assert tick == TradeTick(row["symbol"], Nanos.parse(row["ts"]), price, size, side)


def test_each_recorded_book_update_becomes_its_tick() -> None:
    path = recording("books/btcusdt_spot_binance_20240808.csv.gz")
    updates: list[tuple[tuple[str, ...], list[dict[str, str]]]] = []
    for row in rows_of(path):
        key = (row["ts"], row["event"], row["last_id"])
        if not updates or updates[-1][0] != key:
            updates.append((key, []))
        updates[-1][1].append(row)
    ticks = list(read_ticks(path))
    assert len(ticks) == len(updates) > 3_000
    for (key, rows), tick in zip(updates, ticks, strict=True):
        levels = {
            side: tuple((Decimal(row["price"]), Decimal(row["size"])) for row in rows if row["side"] == side)
            for side in "BA"
        }
        assert tick == BookTick("BTCUSDT.BINANCE", Nanos.parse(key[0]), key[1] == "snapshot", levels["B"], levels["A"])


def test_times_are_read_with_any_number_of_digits(tmp_path: Path) -> None:
    times = ["2024-08-08T23:59:58Z", "2024-08-08T23:59:58.5Z", "2024-08-08T23:59:59.123456789Z", "2024-08-09T00:00:00Z"]
    path = write(tmp_path / "a.csv", TRADES, *(f"{time},A,1,1," for time in times))
    assert [tick.at for tick in read_ticks(path)] == [nanos(time) for time in times]


def test_missing_sides_and_sizes_are_read_as_such(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", QUOTES, "2024-08-08T00:00:00Z,A,1.5,,2,", "2024-08-08T00:00:00Z,B,1.5,1.6,,")
    assert list(read_ticks(path, Decimal(7))) == [
        QuoteTick("A", nanos("2024-08-08T00:00:00Z"), Decimal("1.5"), None, Decimal(2), Decimal(7), no_ask=True),
        QuoteTick("B", nanos("2024-08-08T00:00:00Z"), Decimal("1.5"), Decimal("1.6"), Decimal(7), Decimal(7)),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "line 3"),
        ("2024-08-08T00:00:01Z,A,1", "line 3"),
        ("2024-08-08T00:00:01Z,A,1,1,,9", "line 3"),
        ("2024-08-08T00:00:01,A,1,1,", "no UTC time"),
        ("2024-08-08T00:00:01+01:00,A,1,1,", "no UTC time"),
        ("2024-08-08T00:00:61Z,A,1,1,", "no UTC time"),
        ("2024-08-08T00:00:01.1234567890Z,A,1,1,", "no UTC time"),
        ("2024-13-08T00:00:01Z,A,1,1,", "line 3"),
        ("yesterday,A,1,1,", "line 3"),
        ("2024-08-07T23:59:59Z,A,1,1,", "before that of the line above"),
        ("2024-08-08T00:00:01Z,A,one,1,", "line 3"),
        ("2024-08-08T00:00:01Z,A,NaN,1,", "no number"),
        ("2024-08-08T00:00:01Z,A,1e40,1,", "no number"),
        ("2024-08-08T00:00:01Z,A,1,-1,", "no size"),
        ("2024-08-08T00:00:01Z,A,1,1,SIDEWAYS", "SIDEWAYS"),
    ],
)
def test_an_invalid_line_is_named_and_earlier_ticks_are_kept(tmp_path: Path, line: str, problem: str) -> None:
    path = write(tmp_path / "a.csv", TRADES, "2024-08-08T00:00:00Z,A,1,1,", line, "2024-08-08T00:00:02Z,A,1,1,")
    ticks = read_ticks(path)
    assert next(ticks).at == nanos("2024-08-08T00:00:00Z")
    with pytest.raises(FeedError) as refusal:
        next(ticks)
    assert str(refusal.value).startswith(f"{path}: line 3: ")
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    "line", ["2024-08-08T00:00:01Z,A,gossip,B,1,1,1,1,", "2024-08-08T00:00:01Z,A,delta,X,1,1,1,1,"]
)
def test_an_invalid_line_of_a_book_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "a.csv", BOOKS, line)
    with pytest.raises(FeedError, match="line 2"):
        list(read_ticks(path))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join([TRADES.encode(), *[b"2024-08-08T00:00:00Z,A,1,1,"] * 9_999]))
    for name, content in (
        ("none.csv", None),
        ("bars.csv", b"ts,symbol,open,high,low,close,volume\n"),
        ("empty.csv", b""),
        ("text.csv.gz", b"not compressed"),
        ("binary.csv", b"\xff\xfe\x00"),
        ("cut.csv.gz", whole[: len(whole) // 2]),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(FeedError) as refusal:
            list(read_ticks(path))
        assert str(path) in str(refusal.value)


def test_a_folder_includes_all_market_data_below_it(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="no file"):
        find_files(tmp_path)
    (tmp_path / "b").mkdir()
    wanted = [write(tmp_path / "a.csv", QUOTES), write(tmp_path / "b" / "c.csv", TRADES)]
    write(tmp_path / "bars.csv", "ts,symbol,open,high,low,close,volume")
    write(tmp_path / "notes.txt", TRADES)
    assert find_files(tmp_path) == wanted
    assert find_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]
