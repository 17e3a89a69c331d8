"""The order state change matrices of FIX 4.4 (volume 4, appendix D), row by row, against the port of real venues.

Each row says what happens, and OrdStatus, OrderQty, CumQty and LeavesQty after it. Pending Cancel and Pending Replace,
which FIX puts in the status's place, stand beside the status here (``pendingAction``): those rows show what is under
them.
Matrices that cannot come about here are in ``NOT_HERE``, with the reason.
"""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.kernel.ids import new_id
from domain.orders.books.replay import corrected, recompute_fills
from domain.orders.model.types import OrderStatus
from tests.orders.factories import NOW, SPOT
from tests.support.fix_matrix import Play, Standing, Telling

NEW = ("place", "PENDING_NEW 10000 0 10000"), ("New", "NEW 10000 0 10000")
FIRST_1000 = ("Trade 1000", "PARTIALLY_FILLED 10000 1000 9000")
FIRST_2000 = ("Trade 2000", "PARTIALLY_FILLED 10000 2000 8000")
RENEWED = ("Renewed", "PARTIALLY_FILLED 10000 2000 8000")

MATRICES: dict[str, tuple[tuple[str, str], ...]] = {
    "A.1.a filled in parts": (
        *NEW,
        FIRST_2000,
        ("Trade 1000", "PARTIALLY_FILLED 10000 3000 7000"),
        ("Trade 7000", "FILLED 10000 10000 0"),
    ),
    "A.1.a rejected": (("place", "PENDING_NEW 10000 0 10000"), ("Rejected", "REJECTED 10000 0 0")),
    # A day order that is done for the day is over: EXPIRED says so here.
    "A.1.b day order, done for the day": (
        ("place DAY", "PENDING_NEW 10000 0 10000"),
        ("New", "NEW 10000 0 10000"),
        FIRST_2000,
        ("Trade 1000", "PARTIALLY_FILLED 10000 3000 7000"),
        ("Done", "EXPIRED 10000 3000 0"),
    ),
    "B.1.a cancel of an unfilled order": (
        *NEW,
        ("cancel", "NEW 10000 0 10000"),
        ("Pending", "NEW 10000 0 10000"),
        ("Canceled", "CANCELED 10000 0 0"),
    ),
    "B.1.a the cancel is rejected": (*NEW, ("cancel", "NEW 10000 0 10000"), ("Declined CANCEL", "NEW 10000 0 10000")),
    "B.1.b executions while a cancel is pending": (
        *NEW,
        FIRST_2000,
        ("cancel", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Trade 3000", "PARTIALLY_FILLED 10000 5000 5000"),
        ("Pending", "PARTIALLY_FILLED 10000 5000 5000"),
        ("Trade 1000", "PARTIALLY_FILLED 10000 6000 4000"),
        ("Canceled", "CANCELED 10000 6000 0"),
    ),
    "B.1.c filled before the cancel": (
        *NEW,
        FIRST_2000,
        ("cancel", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Trade 3000", "PARTIALLY_FILLED 10000 5000 5000"),
        ("Trade 5000", "FILLED 10000 10000 0"),
        ("Declined CANCEL", "FILLED 10000 10000 0"),
    ),
    # The cancel waits for the answer to the order.
    "B.1.d cancel before the order is acknowledged": (
        ("place", "PENDING_NEW 10000 0 10000"),
        ("cancel", "PENDING_NEW 10000 0 10000"),
        ("New", "NEW 10000 0 10000"),
        ("Canceled", "CANCELED 10000 0 0"),
    ),
    "B.1.e acknowledgement and cancel cross": (
        ("place", "PENDING_NEW 10000 0 10000"),
        ("cancel", "PENDING_NEW 10000 0 10000"),
        ("New", "NEW 10000 0 10000"),
        ("Pending", "NEW 10000 0 10000"),
        ("Trade 1000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Canceled", "CANCELED 10000 1000 0"),
    ),
    "B.1.f cancel of an order that the venue does not know": (
        *NEW,
        ("cancel", "NEW 10000 0 10000"),
        ("Unknown", "CANCELED 10000 0 0"),
    ),
    "C.1.a an unfilled order grows": (
        *NEW,
        ("resize 11000", "NEW 10000 0 10000"),
        ("Pending", "NEW 10000 0 10000"),
        ("Replaced", "NEW 11000 0 11000"),
        ("Trade 1000", "PARTIALLY_FILLED 11000 1000 10000"),
        ("Trade 10000", "FILLED 11000 11000 0"),
    ),
    "C.1.a the change is rejected": (*NEW, ("resize 11000", "NEW 10000 0 10000"), ("Declined", "NEW 10000 0 10000")),
    "C.1.a the venue makes less of it": (
        *NEW,
        ("resize 12000", "NEW 10000 0 10000"),
        ("Replaced", "NEW 11000 0 11000"),
        ("Trade 11000", "FILLED 11000 11000 0"),
    ),
    "C.1.b a fill while the change is pending": (
        *NEW,
        FIRST_1000,
        ("resize 12000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Pending", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 100", "PARTIALLY_FILLED 10000 1100 8900"),
        ("Replaced", "PARTIALLY_FILLED 12000 1100 10900"),
        ("Trade 10900", "FILLED 12000 12000 0"),
    ),
    # What is over here cannot be asked to grow; a change that crosses with the last fill can let it go on.
    "C.1.c the last fill crosses with the change": (
        *NEW,
        ("resize 12000", "NEW 10000 0 10000"),
        ("Trade 9000", "PARTIALLY_FILLED 10000 9000 1000"),
        ("Replaced", "PARTIALLY_FILLED 12000 9000 3000"),
        ("Trade 3000", "FILLED 12000 12000 0"),
    ),
    "C.2.a a price change comes too late": (
        *NEW,
        FIRST_1000,
        ("reprice 98", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 9000", "FILLED 10000 10000 0"),
        ("Declined", "FILLED 10000 10000 0"),
    ),
    "C.3.a the new quantity is above what is filled": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 500", "PARTIALLY_FILLED 10000 1500 8500"),
        ("Pending", "PARTIALLY_FILLED 10000 1500 8500"),
        ("Trade 100", "PARTIALLY_FILLED 10000 1600 8400"),
        ("Replaced", "PARTIALLY_FILLED 8000 1600 6400"),
        ("Trade 6400", "FILLED 8000 8000 0"),
    ),
    "C.3.b the new quantity is what is filled": (
        *NEW,
        ("resize 7000", "NEW 10000 0 10000"),
        ("Trade 7000", "PARTIALLY_FILLED 10000 7000 3000"),
        ("Replaced", "FILLED 7000 7000 0"),
    ),
    "C.3.c the new quantity is below what is filled": (
        *NEW,
        ("resize 7000", "NEW 10000 0 10000"),
        ("Trade 8000", "PARTIALLY_FILLED 10000 8000 2000"),
        ("Replaced", "FILLED 8000 8000 0"),
    ),
    "C.3.c the venue works on": (
        *NEW,
        ("resize 7000", "NEW 10000 0 10000"),
        ("Trade 8000", "PARTIALLY_FILLED 10000 8000 2000"),
        ("Replaced", "PARTIALLY_FILLED 9000 8000 1000"),
        ("Trade 1000", "FILLED 9000 9000 0"),
    ),
    "D.1.a one change after the other": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 500", "PARTIALLY_FILLED 10000 1500 8500"),
        ("Replaced", "PARTIALLY_FILLED 8000 1500 6500"),
        ("Trade 2000", "PARTIALLY_FILLED 8000 3500 4500"),
        ("resize 6000", "PARTIALLY_FILLED 8000 3500 4500"),
        ("Pending", "PARTIALLY_FILLED 8000 3500 4500"),
        ("Replaced", "PARTIALLY_FILLED 6000 3500 2500"),
        ("Trade 2500", "FILLED 6000 6000 0"),
    ),
    "D.1.b the first is rejected at once": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Declined", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 2000", "PARTIALLY_FILLED 10000 3000 7000"),
        ("resize 6000", "PARTIALLY_FILLED 10000 3000 7000"),
        ("Replaced", "PARTIALLY_FILLED 6000 3000 3000"),
        ("Trade 3000", "FILLED 6000 6000 0"),
    ),
    "D.1.c the first is rejected while pending": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Pending", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 500", "PARTIALLY_FILLED 10000 1500 8500"),
        ("Declined", "PARTIALLY_FILLED 10000 1500 8500"),
        ("resize 6000", "PARTIALLY_FILLED 10000 1500 8500"),
        ("Replaced", "PARTIALLY_FILLED 6000 1500 4500"),
    ),
    # The second is sent when the first is answered: a venue never has two at once.
    "D.2.a two changes at once": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("resize 7000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Replaced", "PARTIALLY_FILLED 8000 1000 7000"),
        ("Trade 2000", "PARTIALLY_FILLED 8000 3000 5000"),
        ("Replaced", "PARTIALLY_FILLED 7000 3000 4000"),
        ("Trade 4000", "FILLED 7000 7000 0"),
    ),
    "D.2.b two changes at once, a fill in between": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("resize 7000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 1000", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Replaced", "PARTIALLY_FILLED 8000 2000 6000"),
        ("Replaced", "PARTIALLY_FILLED 7000 2000 5000"),
    ),
    "D.2.c two changes at once, the first is rejected": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("resize 7000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Declined", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Replaced", "PARTIALLY_FILLED 7000 1000 6000"),
    ),
    "D.2.d two changes at once, the second is rejected": (
        *NEW,
        FIRST_1000,
        ("resize 8000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("resize 7000", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Replaced", "PARTIALLY_FILLED 8000 1000 7000"),
        ("Declined", "PARTIALLY_FILLED 8000 1000 7000"),
        ("Trade 2000", "PARTIALLY_FILLED 8000 3000 5000"),
    ),
    "E.1.b unsolicited cancel of a part-filled order": (*NEW, FIRST_1000, ("Canceled", "CANCELED 10000 1000 0")),
    "E.1.c unsolicited replacement": (
        *NEW,
        ("Restated", "NEW 11000 0 11000"),
        ("Trade 1000", "PARTIALLY_FILLED 11000 1000 10000"),
        ("Restated", "PARTIALLY_FILLED 12000 1000 11000"),
        ("Restated 98.5", "PARTIALLY_FILLED 12000 1000 11000"),
        ("Trade 11000", "FILLED 12000 12000 0"),
    ),
    "E.1.d unsolicited reduction": (
        *NEW,
        ("Restated", "NEW 9000 0 9000"),
        ("Trade 9000", "FILLED 9000 9000 0"),
    ),
    "E.1.d reduced while a change is pending": (
        *NEW,
        ("resize 12000", "NEW 10000 0 10000"),
        ("Restated", "NEW 9000 0 9000"),
        ("Replaced", "NEW 12000 0 12000"),
    ),
    "F.1.a duplicate id": (("place", "PENDING_NEW 10000 0 10000"), ("Rejected", "REJECTED 10000 0 0")),
    "F.1.c rejected after it was acknowledged": (*NEW, ("Rejected", "REJECTED 10000 0 0")),
    "G.1.a status of an order that the venue does not know": (
        ("place", "PENDING_NEW 10000 0 10000"),
        ("Unknown", "REJECTED 10000 0 0"),
    ),
    "G.1.b nothing done": (*NEW, ("Status", "NEW 10000 0 10000")),
    "G.1.c status throughout its life": (
        ("place", "PENDING_NEW 10000 0 10000"),
        ("Status", "NEW 10000 0 10000"),
        FIRST_2000,
        ("Status", "PARTIALLY_FILLED 10000 2000 8000"),
        ("resize 12000", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Status", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Replaced", "PARTIALLY_FILLED 12000 2000 10000"),
        ("Status", "PARTIALLY_FILLED 12000 2000 10000"),
        ("Trade 10000", "FILLED 12000 12000 0"),
        ("Status", "FILLED 12000 12000 0"),
    ),
    "H.1.a renewed the next day": (
        *NEW,
        FIRST_2000,
        RENEWED,
        ("Trade 1000", "PARTIALLY_FILLED 10000 3000 7000"),
    ),
    # A venue that says the sum of the executions, and a quantity that leaves what is left.
    "H.1.b a 2:1 split, counted by executions": (
        *NEW,
        FIRST_2000,
        ("Restated 49.5", "PARTIALLY_FILLED 18000 2000 16000"),
        ("Trade 1000 49.5", "PARTIALLY_FILLED 18000 3000 15000"),
        ("Trade 15000 49.5", "FILLED 18000 18000 0"),
    ),
    "H.1.c renewed, then canceled": (
        *NEW,
        FIRST_2000,
        RENEWED,
        ("cancel", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Canceled", "CANCELED 10000 2000 0"),
    ),
    "H.1.d renewed, then made larger": (
        *NEW,
        FIRST_2000,
        RENEWED,
        ("resize 15000", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Pending", "PARTIALLY_FILLED 10000 2000 8000"),
        ("Trade 1000", "PARTIALLY_FILLED 10000 3000 7000"),
        ("Replaced", "PARTIALLY_FILLED 15000 3000 12000"),
    ),
    "I.1.a fill or kill, killed": (("place FOK", "PENDING_NEW 10000 0 10000"), ("Canceled", "CANCELED 10000 0 0")),
    "I.1.b immediate or cancel": (
        ("place IOC", "PENDING_NEW 10000 0 10000"),
        ("New", "NEW 10000 0 10000"),
        FIRST_1000,
        ("Canceled", "CANCELED 10000 1000 0"),
    ),
    # A new execution of an order that was canceled: booked, and the status stays.
    "J.1.b an execution after the end": (
        *NEW,
        ("Trade 5000", "PARTIALLY_FILLED 10000 5000 5000"),
        ("cancel", "PARTIALLY_FILLED 10000 5000 5000"),
        ("Canceled", "CANCELED 10000 5000 0"),
        ("Trade 4000", "CANCELED 10000 9000 0"),
    ),
    # Suspended (OrdStatus 9) works as far as anybody here can act on it.
    "K.1.a a halt, then reinstated": (
        *NEW,
        FIRST_1000,
        ("Suspended", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Reinstated", "PARTIALLY_FILLED 10000 1000 9000"),
        ("Trade 9000", "FILLED 10000 10000 0"),
    ),
    "K.1.b a halt that cancels": (*NEW, FIRST_1000, ("Canceled", "CANCELED 10000 1000 0")),
}
NOT_HERE = {
    "C.1.c a filled order is made larger": "What is over stays over: modifyOrder is a CONFLICT (docs/orders.md).",
    "E.1.a telephoned order": "An order that was not placed here is reported (FOREIGN_ORDER), never adopted.",
    "E.1.e a canceled order is reinstated": "What is over stays over: it is reported as ORDER_OVER_HERE.",
    "F.1.b possibly resent order": "Nothing is ever sent again before the venue was asked for it (decision 0013).",
    "L.1.a guarantee of execution": "Stopped (OrdStatus 7) is a promise to a broker; the order works until it fills.",
    "L.1.b order for an amount of cash": "Quantities are units here; there is no CashOrderQty.",
}


@pytest.mark.parametrize("telling", list(Telling))
@pytest.mark.parametrize("matrix", sorted(MATRICES))
def test_each_row_of_the_fix_matrices_gives_the_status_of_fix(matrix: str, telling: Telling) -> None:
    play = Play(telling)
    for happens, stands in MATRICES[matrix]:
        play.row(happens, stands)
        assert Standing.of(play.order) == Standing.read(stands), happens


# H.1.b as FIX has it: OrderQty and CumQty are doubled. Executions are never changed here, so two thousand stay filled.
SPLIT = (
    (*NEW[0], "PENDING_NEW 10000 0 10000"),
    (*NEW[1], "NEW 10000 0 10000"),
    (*FIRST_2000, "PARTIALLY_FILLED 10000 2000 8000"),
    ("Restated 49.5", "PARTIALLY_FILLED 20000 4000 16000", "PARTIALLY_FILLED 18000 2000 16000"),
    ("Trade 1000 49.5", "PARTIALLY_FILLED 20000 5000 15000", "PARTIALLY_FILLED 18000 3000 15000"),
    ("resize 19000", "PARTIALLY_FILLED 20000 5000 15000", "PARTIALLY_FILLED 18000 3000 15000"),
    ("Replaced", "PARTIALLY_FILLED 21000 5000 16000", "PARTIALLY_FILLED 19000 3000 16000"),
    ("Trade 16000 49.5", "FILLED 21000 21000 0", "FILLED 19000 19000 0"),
)


@pytest.mark.parametrize("telling", [telling for telling in Telling if telling is not Telling.RESTARTED])
def test_a_split_scales_the_filled_quantity_of_an_order(telling: Telling) -> None:
    play = Play(telling)
    for happens, there, here in SPLIT:
        play.row(happens, there)
        assert Standing.of(play.order) == Standing.read(here), happens


def test_a_split_is_recognised_after_a_restart() -> None:
    play = Play(Telling.FULL_ANSWERS)
    for happens, there, _ in SPLIT[:4]:
        play.row(happens, there)
    play.world.restart()
    play.row("Status", "PARTIALLY_FILLED 20000 4000 16000")
    assert Standing.of(play.order) == Standing.read("PARTIALLY_FILLED 18000 2000 16000")
    assert play.world.session.due(play.world.now) == []
    for happens, there, here in SPLIT[4:]:
        play.row(happens, there)
        assert Standing.of(play.order) == Standing.read(here), happens


def test_each_fix_matrix_is_played_or_has_a_reason() -> None:
    groups = {name[0] for name in MATRICES} | {name[0] for name in NOT_HERE}
    assert groups == set("ABCDEFGHIJKL")
    assert all(reason.endswith(".") for reason in NOT_HERE.values())


def test_a_canceled_order_is_not_reinstated() -> None:
    play = Play(Telling.FULL_ANSWERS)
    for happens, stands in (*NEW, ("Canceled", "CANCELED 10000 0 0"), ("Reinstated", "NEW 10000 0 10000")):
        play.row(happens, stands)
    assert play.order.status is OrderStatus.CANCELED


@dataclass(frozen=True)
class Taken:
    """What is left of an execution after it was taken back or corrected."""

    quantity: str
    price: str


@pytest.mark.parametrize(
    ("status", "left", "stands", "average"),
    [
        # J.1.a: an order that is over stays so, whatever is taken back of it; FIX lets it work again.
        ("FILLED", [Taken("9000", "110")], "FILLED 10000 9000 0", "110"),
        ("FILLED", [Taken("9000", "100")], "FILLED 10000 9000 0", "100"),
        ("FILLED", [Taken("9000", "100"), Taken("1000", "120")], "FILLED 10000 10000 0", "102"),
        ("FILLED", [Taken("9000", "120"), Taken("1000", "120")], "FILLED 10000 10000 0", "120"),
        # J.1.b: a canceled order whose only execution is busted.
        ("CANCELED", [], "CANCELED 10000 0 0", None),
        ("CANCELED", [Taken("4000", "51")], "CANCELED 10000 4000 0", "51"),
        # J.1.c: one that works, of which both executions are corrected.
        ("PARTIALLY_FILLED", [Taken("1500", "99"), Taken("1000", "99")], "PARTIALLY_FILLED 10000 2500 7500", "99"),
        ("PARTIALLY_FILLED", [Taken("1500", "99"), Taken("500", "99")], "PARTIALLY_FILLED 10000 2000 8000", "99"),
        ("PARTIALLY_FILLED", [], "NEW 10000 0 10000", None),
    ],
)
def test_busted_and_corrected_executions_give_the_status_of_fix(
    status: str, left: list[Taken], stands: str, average: str | None
) -> None:
    """J: a person takes back what the venue's desk has taken back (``bustExecution``, ``correctExecution``)."""
    play = Play(Telling.FULL_ANSWERS)
    for happens, there in (*NEW, FIRST_1000):
        play.row(happens, there)
    if status == "FILLED":
        play.row("Trade 9000", "FILLED 10000 10000 0")
    elif status == "CANCELED":
        play.row("Canceled", "CANCELED 10000 1000 0")
    booked = play.world.executions[0]
    kept = [corrected(booked, Decimal(row.price), Decimal(row.quantity), SPOT, new_id()) for row in left]
    recompute_fills(play.order, kept, SPOT, "USD", NOW)
    assert Standing.of(play.order) == Standing.read(stands)
    assert play.order.average_price == (None if average is None else Decimal(average))
