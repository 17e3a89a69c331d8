"""The lines of a history file, pure: its columns, and each line read and checked by itself.

A line is an execution or a movement of cash. What its kind has no use for must be empty. Nothing is guessed: numbers
are plain decimals, times have an offset from UTC, words are the API's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Final, TypeVar

from domain.accounts.types import TransactionKind
from domain.kernel.errors import BadInput
from domain.kernel.numbers import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS, ZERO
from domain.kernel.text import clean_text, identity
from domain.kernel.time import Nanos
from domain.market.costs import EXACT_EXPONENT
from domain.orders.model.types import Liquidity, PositionEffect, Side
from domain.system.exports.columns import FORMULA_STARTS

EXECUTION: Final = "EXECUTION"
# A reference is at most as long as a client's id of an order.
MAX_REFERENCE: Final = 64
_MAX_NOTE: Final = 500
_MAX_NUMBER: Final = 44
# Exact amounts that venues and earlier books divided have more decimals than what clients may enter.
_DIVIDED: Final = frozenset({"fee", "tax", "fxRate"})
_DIGEST_BYTES: Final = 16
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
CASH_KINDS: Final = (
    TransactionKind.DEPOSIT,
    TransactionKind.WITHDRAWAL,
    TransactionKind.TRANSFER,
    TransactionKind.INTEREST,
    TransactionKind.FUNDING,
    TransactionKind.DIVIDEND,
    TransactionKind.ADJUSTMENT,
)
REQUIRED: Final = ("reference", "at", "kind")
EXECUTION_COLUMNS: Final = (
    "bookedAt",
    "symbol",
    "side",
    "positionEffect",
    "quantity",
    "price",
    "liquidity",
    "order",
    "strategy",
    "fee",
    "feeCurrency",
    "tax",
    "fxRate",
    "realizedPnl",
)
CASH_COLUMNS: Final = ("amount", "note")
COLUMNS: Final = (*REQUIRED, *EXECUTION_COLUMNS, *CASH_COLUMNS)

Word = TypeVar("Word", bound=StrEnum)


class BadLine(BadInput):
    """A line that cannot be imported; ``field`` is its column, ``line`` its number in the file, from 1."""

    def __init__(self, line: int, column: str, message: str) -> None:
        super().__init__(f"Line {line}, column {column}: {message}", field=column)
        self.context["line"] = line


@dataclass(frozen=True, slots=True)
class CashLine:
    """A movement of cash; ``amount`` is signed, in the account's currency."""

    number: int
    reference: str
    digest: bytes
    at: Nanos
    kind: TransactionKind
    amount: Decimal
    note: str | None


@dataclass(frozen=True, slots=True)
class ExecutionLine:
    """An execution; ``order`` names its order, ``booked_at`` is the time of its booking.

    The price and ``fee_currency``'s fee are as the venue stated them; ``tax`` and ``realized_pnl`` are in the account's
    currency, of which one unit of the instrument's was ``fx_rate``. None is left to the instrument's terms.
    """

    number: int
    reference: str
    digest: bytes
    at: Nanos
    booked_at: Nanos
    symbol: str
    side: Side
    position_effect: PositionEffect
    quantity: Decimal
    price: Decimal
    liquidity: Liquidity
    order: str
    strategy: str | None
    fee: Decimal | None
    fee_currency: str | None
    tax: Decimal | None
    fx_rate: Decimal | None
    realized_pnl: Decimal | None

    @property
    def order_terms(self) -> tuple[str, Side, PositionEffect, str | None]:
        """The terms that all executions of an order share."""
        return self.symbol, self.side, self.position_effect, self.strategy


HistoryLine = CashLine | ExecutionLine


def check_header(names: Sequence[str]) -> None:
    """Check the first line, which names the columns, in any order.

    Raises:
        BadLine: a column is unknown, named twice or missing.
    """
    for name in names:
        if name not in COLUMNS:
            raise BadLine(
                1, name[:MAX_REFERENCE] or "(empty)", f"there is no such column; there are {', '.join(COLUMNS)}."
            )
        if names.count(name) > 1:
            raise BadLine(1, name, "this column is named twice.")
    for name in REQUIRED:
        if name not in names:
            raise BadLine(1, name, "this column is missing.")


def read_line(number: int, names: Sequence[str], cells: Sequence[str], now: Nanos) -> HistoryLine:
    """One line of a file; its times lie before ``now``.

    Raises:
        BadLine: it cannot be understood, or is impossible whatever the account holds.
    """
    if len(cells) != len(names):
        raise BadLine(number, names[-1], f"the line has {len(cells)} cells, and the header names {len(names)} columns.")
    line = _Cells(number, dict(zip(names, cells, strict=True)), now)
    return _execution(line) if line.kind() == EXECUTION else _cash(line)


class _Cells:
    """The cells of one line."""

    def __init__(self, number: int, cells: Mapping[str, str], now: Nanos) -> None:
        self.number = number
        self._now = now
        self._cells = cells

    def bad(self, column: str, message: str) -> BadLine:
        return BadLine(self.number, column, message)

    def raw(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def kind(self) -> str:
        kinds = (EXECUTION, *CASH_KINDS)
        if self.raw("kind") not in kinds:
            raise self.bad("kind", f"this is one of {', '.join(kinds)}.")
        return self.raw("kind")

    def unused(self, columns: Sequence[str]) -> None:
        for column in columns:
            if self.raw(column):
                raise self.bad(column, f"this must be empty for {self.kind()}.")

    def text(self, column: str, max_length: int) -> str | None:
        found = self.raw(column)
        # As exports write what a spreadsheet would take for a formula.
        if found[:1] == "'" and found[1:].startswith(FORMULA_STARTS):
            found = found[1:]
        if not found:
            return None
        try:
            return clean_text(found, field=column, max_length=max_length)
        except BadInput as error:
            raise self.bad(column, error.message) from error

    def name(self, column: str) -> str | None:
        found = self.text(column, MAX_REFERENCE)
        return None if found is None else identity(found)

    def number_in(self, column: str) -> Decimal | None:
        found = self.raw(column)
        if not found:
            return None
        decimals = EXACT_EXPONENT if column in _DIVIDED else MAX_FRACTION_DIGITS
        if len(found) > _MAX_NUMBER or _NUMBER.fullmatch(found) is None or not _fits(found, decimals):
            message = (
                f"this is no number such as -1250.75, of at most {MAX_INTEGER_DIGITS} digits before and {decimals}"
            )
            raise self.bad(column, f"{message} after the point.")
        return Decimal(found)

    def needed_number(self, column: str) -> Decimal:
        found = self.number_in(column)
        if found is None:
            raise self.bad(column, "a number is needed.")
        return found

    def time(self, column: str) -> Nanos | None:
        found = self.raw(column)
        if not found:
            return None
        try:
            at = Nanos.parse(found)
            at.to_datetime()
        except (ValueError, OverflowError) as error:
            raise self.bad(column, "this is no time with an offset such as 2026-01-31T09:30:00Z.") from error
        if not ZERO <= at < self._now:
            raise self.bad(column, "a time of history lies after 1970 and before now.")
        return at

    def needed_time(self) -> Nanos:
        found = self.time("at")
        if found is None:
            raise self.bad("at", "a time is needed.")
        return found

    def word(self, column: str, words: type[Word], default: Word | None = None) -> Word:
        found = self.raw(column)
        if not found and default is not None:
            return default
        if found not in set(words):
            raise self.bad(column, f"this is one of {', '.join(words)}.")
        return words(found)

    def reference(self) -> str:
        found = self.name("reference")
        if found is None:
            raise self.bad("reference", "each line needs a reference of its own.")
        return found


def _fits(number: str, decimals: int) -> bool:
    whole, _, fraction = number.removeprefix("-").partition(".")
    return len(whole.lstrip("0")) <= MAX_INTEGER_DIGITS and len(fraction.rstrip("0")) <= decimals


def _digest(*content: object) -> bytes:
    return blake2b(repr(content).encode(), digest_size=_DIGEST_BYTES).digest()


def _cash(line: _Cells) -> CashLine:
    line.unused(EXECUTION_COLUMNS)
    kind, amount, reference = TransactionKind(line.kind()), line.needed_number("amount"), line.reference()
    if not amount:
        raise line.bad("amount", "the amount is zero.")
    if kind is TransactionKind.DEPOSIT and amount < ZERO:
        raise line.bad("amount", "a deposit is above zero.")
    if kind is TransactionKind.WITHDRAWAL and amount > ZERO:
        raise line.bad("amount", "a withdrawal is below zero.")
    at, note = line.needed_time(), line.text("note", _MAX_NOTE)
    digest = _digest(int(at), kind.value, amount.normalize(), note)
    return CashLine(line.number, reference, digest, at, kind, amount, note)


def _execution(line: _Cells) -> ExecutionLine:
    line.unused(CASH_COLUMNS)
    reference, at, symbol = line.reference(), line.needed_time(), line.text("symbol", MAX_REFERENCE)
    if symbol is None:
        raise line.bad("symbol", "an execution is of an instrument.")
    numbers = {name: line.number_in(name) for name in ("fee", "tax", "fxRate", "realizedPnl")}
    quantity, price = line.needed_number("quantity"), line.needed_number("price")
    if quantity <= ZERO:
        raise line.bad("quantity", "a quantity is above zero; the side tells a sale.")
    fx_rate = numbers["fxRate"]
    if fx_rate is not None and fx_rate <= ZERO:
        raise line.bad("fxRate", "a rate is above zero.")
    fee_currency = line.name("feeCurrency")
    if fee_currency is not None and numbers["fee"] is None:
        raise line.bad("feeCurrency", "there is no fee that it is the currency of.")
    side, effect = line.word("side", Side), line.word("positionEffect", PositionEffect, PositionEffect.AUTO)
    liquidity = line.word("liquidity", Liquidity, Liquidity.TAKER)
    order, strategy = line.name("order") or reference, line.text("strategy", 100)
    booked_at = line.time("bookedAt") or at
    exact = [None if one is None else one.normalize() for one in (quantity, price, *numbers.values())]
    words = (symbol, side.value, effect.value, liquidity.value, order, strategy, fee_currency)
    return ExecutionLine(
        number=line.number,
        reference=reference,
        digest=_digest(int(at), int(booked_at), *words, *exact),
        at=at,
        booked_at=booked_at,
        symbol=symbol,
        side=side,
        position_effect=effect,
        quantity=quantity,
        price=price,
        liquidity=liquidity,
        order=order,
        strategy=strategy,
        fee=numbers["fee"],
        fee_currency=fee_currency,
        tax=numbers["tax"],
        fx_rate=fx_rate,
        realized_pnl=numbers["realizedPnl"],
    )
