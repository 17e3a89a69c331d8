"""Use cases on history: snapshots, equity curves and samples of returns; every answer is bounded."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import BadInput
from domain.market.bars import LENGTH_SECONDS
from domain.market.types import BarInterval
from domain.positions import history_queries as queries
from domain.positions.history_types import EquitySample, PositionSnapshot

MAX_ROWS = 5_000
DEFAULT_ROWS = 500
MAX_POINTS = 2_000
DEFAULT_POINTS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_window(since: datetime | None, until: datetime | None) -> None:
    """Refuse a window that ends before it begins.

    Raises:
        BadInput: names the field ``to``.
    """
    if since is not None and until is not None and until < since:
        raise BadInput("The end is before the start.", field="to")


def check_limit(limit: int) -> None:
    """Refuse a limit out of bounds.

    Raises:
        BadInput: names the field ``limit``.
    """
    if not 1 <= limit <= MAX_ROWS:
        raise BadInput(f"A page holds 1 to {MAX_ROWS} rows.", field="limit")


async def position_history(
    account_id: UUID, symbol: str | None, since: datetime | None, until: datetime | None, limit: int
) -> list[PositionSnapshot]:
    """Snapshots of positions in ``since`` <= at < ``until``, oldest first.

    When there are more than ``limit``: the first ones after ``since`` if that is given, else the last ones.

    Raises:
        BadInput: a limit outside 1 to 5,000, or a window that ends before it begins.
    """
    check_limit(limit)
    check_window(since, until)
    return await queries.read_snapshots(account_id, symbol, since, until, limit)


async def equity_curve(
    account_id: UUID,
    since: datetime | None,
    until: datetime | None,
    interval: BarInterval,
    day_roll: DayRoll,
    now: datetime,
) -> list[EquitySample]:
    """The last sample of each interval in ``since`` <= at < ``until``, oldest first; none for one without a sample.

    Intervals begin at whole multiples of their length, days at the day roll. The window ends now unless told, and
    begins 500 intervals before its end.

    Raises:
        BadInput: a window that ends before it begins, or one of more than 2,000 intervals.
    """
    check_window(since, until)
    end = now if until is None else until
    return await queries.read_curve(account_id, _window(_edges(interval, since, end, day_roll), since, until))


async def measured(
    account_id: UUID, samples: Sequence[EquitySample], since: datetime, until: datetime
) -> list[EquitySample]:
    """The samples between which returns are measured.

    They are the given ones, and two around each flow in ``since`` < at < ``until``, in the order of the ledger: a
    sample that was read while money moved may have a time slightly before it.
    """
    flows = await queries.read_flow_samples(account_id, since, until)
    found = {sample.at: sample for sample in (*flows, *samples)}
    return sorted(found.values(), key=lambda sample: (sample.transaction_sequence, sample.at))


def performance_edges(since: datetime, until: datetime, day_roll: DayRoll) -> list[datetime]:
    """Edges of the shortest intervals of which a window has at most 2,000; a longer window is cut at its end."""
    for interval, seconds in LENGTH_SECONDS.items():
        if interval is not BarInterval.SECOND and (until - since).total_seconds() / seconds <= MAX_POINTS - 1:
            return _window(_edges(interval, since, until, day_roll), since, until)
    earliest = until - timedelta(days=MAX_POINTS - 1)
    return _window(_days(max(since, earliest), until, day_roll), max(since, earliest), until)


def _window(edges: list[datetime], since: datetime | None, until: datetime | None) -> list[datetime]:
    """The edges, with the outer ones moved to the window's beginning and end."""
    if since is not None:
        edges[0] = max(edges[0], since)
    if until is not None:
        edges[-1] = min(edges[-1], until)
    return edges


def _edges(interval: BarInterval, since: datetime | None, end: datetime, day_roll: DayRoll) -> list[datetime]:
    """The starts of intervals, from the one that contains ``since`` to the first one at or after ``end``."""
    if interval is BarInterval.DAY:
        return _days(since, end, day_roll)
    length = timedelta(seconds=LENGTH_SECONDS[interval])
    last = _EPOCH + ((end - _EPOCH) // length + 1) * length
    first = last - DEFAULT_POINTS * length if since is None else _EPOCH + (since - _EPOCH) // length * length
    _check_points((last - first) // length)
    return [first + place * length for place in range((last - first) // length + 1)]


def _days(since: datetime | None, end: datetime, day_roll: DayRoll) -> list[datetime]:
    begins = day_roll.last_before(end - timedelta(days=DEFAULT_POINTS - 1) if since is None else since)
    _check_points((end - begins).days)
    edges = [begins]
    while edges[-1] <= end:
        edges.append(day_roll.next_after(edges[-1]))
    return edges


def _check_points(points: int) -> None:
    if points > MAX_POINTS:
        message = (
            f"The window has {points} intervals; ask for at most {MAX_POINTS}, by longer ones or a shorter window."
        )
        raise BadInput(message, field="interval")
