"""Set-based reads and writes of history: samples of equity, snapshots of positions.

SQL: samples of all accounts, written in sets into partitions.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.accounts.queries import READ_LIVING, to_book
from domain.accounts.types import AccountBook
from domain.kernel.database import fetch, fetch_row, reading
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, time_key
from domain.kernel.partition_queries import Partitioned
from domain.kernel.rows import Record, insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.positions.history_types import EquitySample, Flow, PositionSnapshot
from domain.positions.queries import READ_HELD, by_account
from domain.positions.types import Bucket, PositionBook, PositionKey
from domain.positions.values import AccountValue, PositionValue

EQUITY_SAMPLES = Partitioned("equity_samples")
POSITION_SNAPSHOTS = Partitioned("position_snapshots")
# A flow is sampled at its moment, and so long before.
BEFORE_FLOW = timedelta(microseconds=1)
MAX_FLOWS = 1_000
# What was sampled at a moment stays: whoever comes again at the same moment changes nothing.
_INSERT_SAMPLES = insertion(
    EQUITY_SAMPLES.name,
    {
        "account_id": "uuid",
        "at": "timestamptz",
        **dict.fromkeys(("equity", "cash", "unrealized_pnl"), "numeric"),
        "transaction_sequence": "bigint",
    },
    "ON CONFLICT (account_id, at) DO NOTHING",
)
_INSERT_SNAPSHOTS = insertion(
    POSITION_SNAPSHOTS.name,
    {
        **dict.fromkeys(("account_id", "instrument_id"), "uuid"),
        "at": "timestamptz",
        "bucket": "text",
        **dict.fromkeys(("quantity", "average_price", "mark_price", "unrealized_pnl", "realized_pnl"), "numeric"),
    },
    "ON CONFLICT (account_id, at, instrument_id, bucket) DO NOTHING",
)
_SAMPLE = "s.at, s.equity, s.cash, s.unrealized_pnl, s.transaction_sequence"
# One look into the key for each bucket, whatever lies in it.
_CURVE = f"""
SELECT {_SAMPLE} FROM unnest($2::timestamptz[], $3::timestamptz[]) AS b (begins, ends)
CROSS JOIN LATERAL (
  SELECT * FROM equity_samples e WHERE e.account_id = $1 AND e.at >= b.begins AND e.at < b.ends
  ORDER BY e.at DESC LIMIT 1
) s ORDER BY s.at
"""
_SAMPLES = f"""
SELECT {_SAMPLE} FROM equity_samples s WHERE s.account_id = $1 AND s.at > $2 AND s.at < $3 ORDER BY s.at LIMIT $4
"""
_LAST_SAMPLE = f"""
SELECT {_SAMPLE} FROM equity_samples s WHERE s.account_id = $1 AND s.at <= $2 ORDER BY s.at DESC LIMIT 1
"""
# Where money moved there is a sample right before it and one right after it.
_FLOW_SAMPLES = f"""
SELECT {_SAMPLE} FROM account_transactions t
JOIN equity_samples s ON s.account_id = t.account_id AND s.at IN (t.created_at - $4::interval, t.created_at)
WHERE t.account_id = $1 AND t.kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER') AND s.at > $2 AND s.at < $3
ORDER BY t.sequence DESC LIMIT $5
"""
# A flow belongs to the period whose sample is the first to have counted it.
_FLOWS = """
SELECT width_bucket(sequence - 1, $2::bigint[]) AS period,
  COALESCE(sum(amount) FILTER (WHERE amount > 0), 0) AS inflow,
  COALESCE(-sum(amount) FILTER (WHERE amount < 0), 0) AS outflow
FROM account_transactions
WHERE account_id = $1 AND kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER') AND sequence > $3 AND sequence <= $4
GROUP BY 1
"""
_SNAPSHOTS = """
SELECT s.at, i.symbol, s.bucket, s.quantity, s.average_price, s.mark_price, s.unrealized_pnl, s.realized_pnl
FROM position_snapshots s JOIN instruments i ON i.id = s.instrument_id
WHERE s.account_id = $1 AND ($2::timestamptz IS NULL OR s.at >= $2) AND ($3::timestamptz IS NULL OR s.at < $3)
AND ($4::text IS NULL OR i.symbol = $4)
ORDER BY s.at {order}, i.symbol {order}, s.bucket {order} LIMIT $5
"""
_WANTED_SNAPSHOTS = """
FROM position_snapshots s JOIN instruments i ON i.id = s.instrument_id
WHERE s.account_id = $1 AND ($2::timestamptz IS NULL OR s.at >= $2) AND ($3::timestamptz IS NULL OR s.at < $3)
AND ($4::text IS NULL OR i.symbol = $4)
"""
# The key's table is ordered by time: the first comparison makes the bound, the second decides within a moment.
_SNAPSHOT_PAGE = f"""
SELECT s.at, i.symbol, s.bucket, s.quantity, s.average_price, s.mark_price, s.unrealized_pnl, s.realized_pnl
{_WANTED_SNAPSHOTS}
AND ($5::timestamptz IS NULL OR (s.at {{compared}}= $5 AND (s.at, i.symbol, s.bucket) {{compared}} ($5, $6, $7)))
ORDER BY s.at {{order}}, i.symbol {{order}}, s.bucket {{order}} LIMIT $8
"""
_SNAPSHOTS_AFTER = _SNAPSHOT_PAGE.format(compared="<", order="DESC")
_SNAPSHOTS_BEFORE = _SNAPSHOT_PAGE.format(compared=">", order="ASC")
_FIRST_SNAPSHOTS, _LAST_SNAPSHOTS = (_SNAPSHOTS.format(order=order) for order in ("ASC", "DESC"))


async def read_living(after: UUID, limit: int) -> tuple[list[AccountBook], dict[UUID, dict[PositionKey, PositionBook]]]:
    """The next accounts that are not closed, by id, with their positions, read as of one moment."""
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        books = [to_book(row) for row in await connection.fetch(READ_LIVING, after, limit)]
        ids = [book.id for book in books]
        positions = by_account(ids, await connection.fetch(READ_HELD, ids))
    return books, positions


async def insert_samples(work: UnitOfWork, values: Iterable[AccountValue], at: datetime) -> None:
    """Store samples of accounts, unless there is one of this moment."""
    await work.write(_INSERT_SAMPLES, [_sample_row(value, at) for value in values])


async def insert_flow_samples(work: UnitOfWork, value: AccountValue, amount: Decimal) -> None:
    """Store an account's equity right before and right after a flow of ``amount`` that is posted now."""
    before = _sample_row(value, work.now - BEFORE_FLOW)
    after = {
        "at": work.now,
        "equity": value.equity + amount,
        "cash": value.cash + amount,
        "transaction_sequence": value.account.transaction_sequence + 1,
    }
    await work.write(_INSERT_SAMPLES, [before, {**before, **after}])


async def raise_peaks(work: UnitOfWork, values: Iterable[AccountValue]) -> None:
    """Raise the peak equity of accounts whose equity is above it; an account that is locked is raised the next time.

    An account is left out when money moved in or out since it was valued: that equity is not a peak now.
    """
    higher = [value for value in values if value.equity > value.account.peak_equity]
    if higher:
        await work.execute(
            "WITH higher AS (SELECT a.id, n.equity FROM accounts a "
            "JOIN unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::timestamptz[]) "
            "AS n (id, equity, transfers, rolled_at) ON n.id = a.id WHERE a.peak_equity < n.equity "
            "AND a.day_transfers = n.transfers AND a.rolled_at = n.rolled_at "
            "ORDER BY a.id FOR UPDATE OF a SKIP LOCKED) "
            "UPDATE accounts AS a SET peak_equity = higher.equity, book_version = a.book_version + 1 "
            "FROM higher WHERE a.id = higher.id",
            [value.id for value in higher],
            [value.equity for value in higher],
            [value.account.day_transfers for value in higher],
            [value.account.rolled_at for value in higher],
        )


async def insert_snapshots(work: UnitOfWork, values: Iterable[PositionValue], at: datetime) -> None:
    """Store snapshots of positions, unless there is one of this moment."""
    await work.write(_INSERT_SNAPSHOTS, [_snapshot_row(value, at) for value in values])


def _sample_row(value: AccountValue, at: datetime) -> Record:
    return {
        "account_id": value.id,
        "at": at,
        "equity": value.equity,
        "cash": value.cash,
        "unrealized_pnl": value.unrealized_pnl,
        "transaction_sequence": value.account.transaction_sequence,
    }


def _snapshot_row(value: PositionValue, at: datetime) -> Record:
    return {
        "account_id": value.account_id,
        "at": at,
        "instrument_id": value.instrument.id,
        "bucket": value.position.bucket,
        "quantity": value.quantity,
        "average_price": value.average_price,
        "mark_price": value.mark_price,
        "unrealized_pnl": value.unrealized_pnl,
        "realized_pnl": value.realized_pnl,
    }


async def read_curve(account_id: UUID, edges: Sequence[datetime]) -> list[EquitySample]:
    """The last sample between each edge (it included) and the next (not included), oldest first."""
    rows = await fetch(_CURVE, account_id, edges[:-1], edges[1:])
    return [EquitySample(*row) for row in rows]


async def read_samples(account_id: UUID, after: datetime, until: datetime, limit: int) -> list[EquitySample]:
    """The first samples of ``after`` < at < ``until``, oldest first."""
    rows = await fetch(_SAMPLES, account_id, after, until, limit)
    return [EquitySample(*row) for row in rows]


async def read_last_sample(account_id: UUID, at: datetime) -> EquitySample | None:
    """The last sample at or before a moment."""
    row = await fetch_row(_LAST_SAMPLE, account_id, at)
    return EquitySample(*row) if row is not None else None


async def read_flow_samples(account_id: UUID, since: datetime, until: datetime) -> list[EquitySample]:
    """The samples right before and after the newest thousand flows in ``since`` < at < ``until``."""
    rows = await fetch(_FLOW_SAMPLES, account_id, since, until, BEFORE_FLOW, 2 * MAX_FLOWS)
    return [EquitySample(*row) for row in rows]


async def read_flows(account_id: UUID, samples: Sequence[EquitySample]) -> list[Flow]:
    """Deposits and withdrawals between each sample and the one before; one fewer than there are samples."""
    sequences = [sample.transaction_sequence for sample in samples]
    rows = await fetch(_FLOWS, account_id, sequences, sequences[0], sequences[-1])
    found = {row["period"]: Flow(row["inflow"], row["outflow"]) for row in rows}
    return [found.get(place, Flow()) for place in range(1, len(samples))]


async def read_snapshots(
    account_id: UUID, symbol: str | None, since: datetime | None, until: datetime | None, limit: int
) -> list[PositionSnapshot]:
    """Snapshots of an account's positions in ``since`` <= at < ``until``, oldest first.

    When there are more than ``limit``: the first ones after ``since`` if that is given, else the last ones.
    """
    statement = _LAST_SNAPSHOTS if since is None else _FIRST_SNAPSHOTS
    rows = await fetch(statement, account_id, since, until, symbol, limit)
    if since is None:
        rows.reverse()
    return [PositionSnapshot(account_id, row["at"], row["symbol"], Bucket(row["bucket"]), *row[3:]) for row in rows]


async def page_snapshots(
    request: PageRequest, account_id: UUID, symbol: str | None, since: datetime | None, until: datetime | None
) -> Page[PositionSnapshot]:
    """A page of an account's snapshots in ``since`` <= at < ``until``, newest first.

    Raises:
        BadInput: the cursor holds no snapshot.
    """
    at, name, bucket = _snapshot_key(request)
    statement = _SNAPSHOTS_BEFORE if request.backward else _SNAPSHOTS_AFTER
    rows = await fetch(statement, account_id, since, until, symbol, at, name, bucket, request.size + 1)
    found = [PositionSnapshot(account_id, row["at"], row["symbol"], Bucket(row["bucket"]), *row[3:]) for row in rows]
    return make_page(request, found, lambda one: encode_cursor(one.at.isoformat(), one.symbol, one.bucket.value))


async def count_snapshots(account_id: UUID, symbol: str | None, since: datetime | None, until: datetime | None) -> int:
    """The number of an account's snapshots in ``since`` <= at < ``until``."""
    row = await fetch_row(f"SELECT count(*) AS n {_WANTED_SNAPSHOTS}", account_id, since, until, symbol)
    return int(row["n"]) if row else 0


def _snapshot_key(request: PageRequest) -> tuple[datetime | None, str | None, str | None]:
    if request.key is None:
        return None, None, None
    _, symbol, bucket = request.key
    return time_key(request), symbol, bucket


def worth_keeping(values: Collection[PositionValue], account: AccountBook) -> list[PositionValue]:
    """The positions of an account that a snapshot stores: those held, and those held since its last day roll."""
    return [
        value
        for value in values
        if value.quantity or (value.closed_at is not None and value.closed_at >= account.rolled_at)
    ]
