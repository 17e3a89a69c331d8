"""Lines of history files: each column is understood exactly or refused with its line and name."""

from decimal import Decimal
from io import BytesIO

import pytest

from domain.kernel.time import Nanos
from domain.system.imports import files
from domain.system.imports.files import runs_of
from domain.system.imports.lines import BadLine, CashLine, ExecutionLine, HistoryLine

CASH = "reference,at,kind,amount,note"
TRADE = "reference,at,kind,symbol,side,quantity,price,fee,feeCurrency,tax,fxRate,realizedPnl,order,liquidity,bookedAt"
AT = "2024-01-02T10:00:00Z"


def lines(*rows: str, encoding: str = "utf-8") -> list[HistoryLine]:
    """The lines of a file."""
    return [line for run in runs_of(BytesIO("\r\n".join(rows).encode(encoding)), Nanos.now()) for line in run]


def refusal(*rows: str, encoding: str = "utf-8") -> tuple[object, str]:
    """The number and the column of the line that makes a file unreadable."""
    with pytest.raises(BadLine) as refused:
        lines(*rows, encoding=encoding)
    assert refused.value.message.startswith(f"Line {refused.value.context['line']}, column {refused.value.field}: ")
    return refused.value.context["line"], refused.value.field


def test_a_line_is_read_exactly() -> None:
    deposit, trade = lines(
        "\ufeffat,kind,reference,amount,note,symbol,side,quantity,price,fxRate",
        "2024-01-02T10:00:00.123456789+02:00,DEPOSIT,r1,1000.10,'=first,,,,,",
        "",
        "2024-01-03T00:00:00Z,EXECUTION,r2,,,COIN,SELL,0.5,100.000000000000000001,1.25",
    )
    assert isinstance(deposit, CashLine)
    assert (deposit.number, deposit.at.isoformat()) == (2, "2024-01-02T08:00:00.123456789Z")
    # An apostrophe before a formula is the spreadsheet's, as exports write it.
    assert (deposit.amount, deposit.note) == (Decimal("1000.10"), "=first")
    assert isinstance(trade, ExecutionLine)
    assert (trade.number, trade.price, trade.order) == (4, Decimal("100.000000000000000001"), "r2")
    assert (trade.booked_at, trade.fee, trade.tax, trade.realized_pnl) == (trade.at, None, None, None)


def test_equal_content_has_one_digest_however_it_is_written() -> None:
    first, same, other = (
        lines(CASH, f"r,{at},DEPOSIT,{amount},")[0].digest
        for at, amount in ((AT, "10"), ("2024-01-02T12:00:00+02:00", "10.00"), (AT, "10.01"))
    )
    assert first == same != other


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ((), (1, "reference")),
        (("reference,at,kind,color",), (1, "color")),
        (("reference,at,kind,kind",), (1, "kind")),
        (("reference,at",), (1, "kind")),
        ((CASH, f"r,{AT},DEPOSIT,1"), (2, "note")),
        ((CASH, f",{AT},DEPOSIT,1,"), (2, "reference")),
        ((CASH, f"{'r' * 65},{AT},DEPOSIT,1,"), (2, "reference")),
        ((CASH, f"r,{AT},DEPOSIT,1,", f"r,{AT},DEPOSIT,2,"), (3, "reference")),
        ((CASH, "r,2024-01-02,DEPOSIT,1,"), (2, "at")),
        ((CASH, "r,2024-01-02T10:00:00,DEPOSIT,1,"), (2, "at")),
        ((CASH, "r,2999-01-02T10:00:00Z,DEPOSIT,1,"), (2, "at")),
        ((CASH, "r,1969-01-02T10:00:00Z,DEPOSIT,1,"), (2, "at")),
        ((CASH, f"r,{AT},FEE,1,"), (2, "kind")),
        ((CASH, f"r,{AT},DEPOSIT,0,"), (2, "amount")),
        ((CASH, f"r,{AT},DEPOSIT,-1,"), (2, "amount")),
        ((CASH, f"r,{AT},WITHDRAWAL,1,"), (2, "amount")),
        *(
            ((CASH, f"r,{AT},DEPOSIT,{bad},"), (2, "amount"))
            for bad in ("", "1e3", "NaN", "1_0", "٣", "9" * 19, "0." + "1" * 19)
        ),
        ((CASH, f'r,{AT},DEPOSIT,1,"a\x00b"'), (2, "note")),
        ((CASH, f'r,{AT},DEPOSIT,1,"open'), (2, "reference")),
        ((CASH, f"r,{AT},EXECUTION,1,"), (2, "amount")),
        ((f"{CASH},symbol", f"r,{AT},DEPOSIT,1,,COIN"), (2, "symbol")),
        ((TRADE, f"r,{AT},EXECUTION,,BUY,1,1,,,,,,,,"), (2, "symbol")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,HOLD,1,1,,,,,,,,"), (2, "side")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,-1,1,,,,,,,,"), (2, "quantity")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,1,,,,,,,,,"), (2, "price")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,1,1,,USD,,,,,,"), (2, "feeCurrency")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,1,1,,,,0,,,,"), (2, "fxRate")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,1,1,,,,,,,ROBOT,"), (2, "liquidity")),
        ((TRADE, f"r,{AT},EXECUTION,COIN,BUY,1,1,,,,,,,,soon"), (2, "bookedAt")),
    ],
)
def test_a_bad_line_is_named(rows: tuple[str, ...], place: tuple[int, str]) -> None:
    assert refusal(*rows) == place


def test_another_encoding_and_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"r{n},{AT},DEPOSIT,1,plain" for n in range(5_000)]
    for place in (0, 1, 2_500, 4_999):
        rows = [*many[:place], f"odd,{AT},DEPOSIT,1,é", *many[place:]]
        assert refusal(CASH, *rows, encoding="latin-1") == (place + 2, "reference")
    assert lines(CASH, f"r,{AT},DEPOSIT,1,é€😀")[0].note == "é€😀"
    monkeypatch.setattr(files, "MAX_LINES", 2)
    assert refusal(CASH, *(f"r{n},{AT},DEPOSIT,1," for n in range(3))) == (4, "reference")
    # Empty lines cost time, too.
    assert refusal(CASH, *[""] * 10) == (4, "reference")


def test_a_line_is_refused_before_all_of_it_is_read() -> None:
    file = BytesIO(CASH.encode() + b"\n" + b"," * 10_000_000)
    with pytest.raises(BadLine) as refused:
        list(runs_of(file, Nanos.now()))
    assert (refused.value.context["line"], file.tell() < 100_000) == (2, True)
    long = f'r,{AT},DEPOSIT,1,"' + ("x" * 1_000 + "\n") * 200
    assert refusal(CASH, long) == (2, "reference")
