"""Recorded markets read on their own, and what an order must have done in them, straight from the exchange's rules.

Nothing of the product is used here, so that it can be checked against this.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge
from pathlib import Path
from typing import Any, NamedTuple

NANOS_PER_SECOND = 1_000_000_000
# What a source that knows no sizes is taken to show.
DEFAULT_SIZE = Decimal(1_000_000)


class Event(NamedTuple):
    """The market after one line of a recording."""

    at: int
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal


class Fill(NamedTuple):
    """One execution."""

    at: int
    price: Decimal
    quantity: Decimal
    liquidity: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The placed order."""

    buys: bool
    kind: str
    time_in_force: str
    quantity: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Terms":
        """From the input of ``placeOrder``."""
        limit, stop = (given.get(name) for name in ("limitPrice", "stopPrice"))
        return cls(
            given["side"] == "BUY",
            given["type"],
            given["timeInForce"],
            Decimal(given["quantity"]),
            None if limit is None else Decimal(limit),
            None if stop is None else Decimal(stop),
        )


def nanoseconds(text: str) -> int:
    """A time as recordings and the API spell it, to the nanosecond."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    whole = int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp())
    return whole * NANOS_PER_SECOND + int(fraction.ljust(9, "0"))


def read_events(quotes: Path, trades: Path | None, until: int) -> list[Event]:
    """Both files as one market, up to a time; where times are equal quotes come first."""
    files = [quotes] if trades is None else [quotes, trades]
    state: Event | None = None
    events: list[Event] = []
    for at, file, row in merge(*(_rows(path, number) for number, path in enumerate(files))):
        if at > until:
            break
        if file == 0:
            state = Event(at, Decimal(row[2]), Decimal(row[3]), _size(row[4]), _size(row[5]))
        elif state is not None:
            # A trade changes no quote, but whoever waits meets the standing one again.
            state = state._replace(at=at)
        if state is not None:
            events.append(state)
    return events


def expected_fills(order: Terms, events: Sequence[Event], arrival: int) -> Iterator[Fill]:
    """The executions that an order must get if it arrives right after the event with this number."""
    remaining = order.quantity
    for number in range(arrival, len(events)):
        event = events[number]
        price, size = (event.ask, event.ask_size) if order.buys else (event.bid, event.bid_size)
        arrives = number == arrival
        liquidity = "TAKER"
        if order.stop is not None:
            beyond = price >= order.stop if order.buys else price <= order.stop
            if beyond and arrives:
                return
            if not beyond:
                continue
        if order.limit is not None:
            if price > order.limit if order.buys else price < order.limit:
                size = Decimal(0)
            elif not arrives:
                price, liquidity = order.limit, "MAKER"
        if order.time_in_force == "FOK" and size < remaining:
            return
        quantity = min(remaining, size)
        if quantity:
            remaining -= quantity
            yield Fill(event.at, price, quantity, liquidity)
        if not remaining or order.time_in_force in {"IOC", "FOK"}:
            return


def _rows(path: Path, number: int) -> Iterator[tuple[int, int, list[str]]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            yield nanoseconds(row[0]), number, row


def _size(text: str) -> Decimal:
    return Decimal(text) if text else DEFAULT_SIZE
