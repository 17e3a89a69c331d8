"""Exports hold neither a place nor a transaction for a client that does not read."""

import asyncio
import csv
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from pyarrow import parquet
from starlette.requests import Request

from api.transport.files import exports
from api.transport.files.export_formats import encode_csv
from api.transport.files.exports import MAX_EXPORTS_PER_USER, ExportResponse, Exports, spooled
from api.transport.files.parquet import parquet_chunks
from api.transport.files.transfers import Places
from domain.kernel.errors import BadInput, RateLimited
from domain.positions.history_types import EquitySample
from domain.system.exports.columns import COLUMNS, ExportKind, column_types

SOMEBODY = uuid4()


async def chunks(*given: bytes) -> AsyncIterator[bytes]:
    for chunk in given:
        yield chunk


def is_free(places: Places, user_id: UUID) -> bool:
    try:
        places.take(user_id)
    except RateLimited:
        return False
    places.give_back(user_id)
    return True


def test_export_places_are_counted_per_user_from_the_request_on() -> None:
    places = Places(MAX_EXPORTS_PER_USER, "exports")
    for _ in range(MAX_EXPORTS_PER_USER):
        places.take(SOMEBODY)
    assert (is_free(places, SOMEBODY), is_free(places, uuid4())) == (False, True)
    places.give_back(SOMEBODY)
    assert is_free(places, SOMEBODY)


@pytest.mark.parametrize("leaves_at", ["http.response.start", "http.response.body", None])
async def test_an_export_place_is_released_whenever_the_client_leaves(leaves_at: str | None) -> None:
    places, sent = Places(MAX_EXPORTS_PER_USER, "exports"), []
    for _ in range(MAX_EXPORTS_PER_USER):
        places.take(SOMEBODY)
    response = ExportResponse(chunks(b"a", b"b"), places, SOMEBODY)

    async def send(message: Any) -> None:
        if message["type"] == leaves_at:
            raise OSError("the client has left")
        sent.append(message.get("body"))

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    if leaves_at is None:
        await response(scope, receive, send)
        assert sent == [None, b"a", b"b", b""]
    else:
        with pytest.raises(Exception):  # noqa: B017,PT011  of the server's library
            await response(scope, receive, send)
    assert is_free(places, SOMEBODY)


async def test_a_spooled_export_releases_its_source_before_the_first_byte() -> None:
    steps: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            for _ in range(3):
                steps.append("read")
                yield b"x" * 50_000
        finally:
            steps.append("closed")

    sizes = []
    async for chunk in spooled(source()):
        steps.append("sent")
        sizes.append(len(chunk))
    assert steps == ["read", "read", "read", "closed", "sent", "sent", "sent"]
    assert sum(sizes) == 150_000


async def test_a_spooled_export_whose_source_fails_sends_nothing() -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        await anext(spooled(source()))


async def nothing() -> AsyncIterator[list[object]]:
    yield []


@pytest.mark.parametrize("kind", ExportKind)
async def test_a_parquet_file_has_the_columns_of_the_other_formats(kind: ExportKind) -> None:
    given = b"".join([chunk async for chunk in parquet_chunks(nothing(), COLUMNS[kind], column_types(kind))])
    schema = parquet.read_schema(BytesIO(given))
    assert schema.names == list(COLUMNS[kind])
    assert {str(field.type) for field in schema} <= {
        "string",
        "decimal128(38, 18)",
        "timestamp[ns, tz=UTC]",
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "int64",
        "bool",
    }


def test_without_the_library_there_is_no_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "api.transport.files.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadInput, match="extra `parquet`") as refused:
        exports.load_parquet()
    assert refused.value.field == "name"


def test_csv_cells_are_no_formulas_and_numbers_stay_numbers() -> None:
    texts = ("=1+1", "+1", "-1+cmd|x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0d1")
    written = encode_csv(["a"], [[text] for text in texts]).decode()
    cells = [row[0] for row in csv.reader(StringIO(written, newline=""))]
    assert cells == [f"'{text}" for text in texts]
    assert encode_csv(["a"], [[Decimal("-1.50"), -3, "a=b"]]) == b"-1.5,-3,a=b\r\n"


async def test_parquet_is_sent_while_its_rows_are_read() -> None:
    sample = EquitySample(datetime(2024, 1, 2, tzinfo=UTC), Decimal("1.5"), Decimal(1), Decimal("0.5"), 1)
    runs = 0

    async def samples() -> AsyncIterator[list[object]]:
        nonlocal runs
        while runs < 40:
            runs += 1
            yield [sample] * 500

    read_before = []
    content = b""
    async for chunk in parquet_chunks(samples(), COLUMNS[ExportKind.EQUITY], column_types(ExportKind.EQUITY)):
        read_before.append(runs)
        content += chunk
    # A row group of 5,000 rows each time, however many there are.
    assert read_before == [10, 20, 30, 40, 40]
    table = parquet.read_table(BytesIO(content))
    assert (table.num_rows, table.to_pylist()[-1]["equity"]) == (20_000, Decimal("1.5"))


@pytest.mark.parametrize(("method", "read"), [("GET", 3), ("HEAD", 0)])
async def test_a_request_for_the_head_alone_reads_no_row(
    method: str, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    async def rows() -> AsyncIterator[list[object]]:
        nonlocal count
        for _ in range(3):
            count += 1
            yield []

    async def opened(*_: object) -> AsyncIterator[list[object]]:
        return rows()

    monkeypatch.setattr(exports, "open_export", opened)
    runner: Any = SimpleNamespace(services=SimpleNamespace(market=None))
    query = b"account=0193a5c2-7c11-7000-8000-000000000000"
    scope = {"type": "http", "method": method, "headers": [], "query_string": query}
    request = Request(scope | {"path_params": {"name": "orders.csv"}})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    asker: Any = SimpleNamespace(user_id=SOMEBODY)
    response = await Exports(runner)._export(request, asker)
    await response({**scope, "asgi": {"spec_version": "2.4"}}, receive, send)
    assert (sent[0]["status"], count) == (200, read)
