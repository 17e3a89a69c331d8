"""Exported rows as Parquet: exact numbers as decimals, times with their zone, in row groups of a bounded size.

It needs the extra ``parquet`` and is loaded only when that format is asked for.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

import pyarrow as pa
from pyarrow import parquet

from api.transport.files.export_formats import shown
from domain.kernel.time import Nanos
from domain.system.exports.columns import Reader

_ROWS_PER_GROUP: Final = 5_000
# 20 digits before the point and 18 after it.
_NUMBER: Final = pa.decimal128(38, 18)
_TYPES: Final[Mapping[type, pa.DataType]] = {
    Decimal: _NUMBER,
    Nanos: pa.timestamp("ns", tz="UTC"),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
    int: pa.int64(),
    bool: pa.bool_(),
}


class _Sink:
    """A file in memory that keeps written bytes until they are taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Keep a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""

    def take(self) -> bytes:
        """The parts since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


async def parquet_chunks(
    rows: AsyncIterator[list[object]], columns: Mapping[str, Reader], types: Mapping[str, type]
) -> AsyncIterator[bytes]:
    """The file's bytes as its row groups are complete; no more than one group is held.

    Raises:
        pyarrow.ArrowInvalid: a number has more digits than its column.
    """
    schema = pa.schema([(name, _TYPES.get(types[name], pa.string())) for name in columns])
    sink, waiting = _Sink(), list[object]()
    async with aclosing(cast(Any, rows)) as runs:
        with parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
            async for run in runs:
                waiting += run
                if len(waiting) >= _ROWS_PER_GROUP:
                    writer.write_table(_table(waiting, columns, schema))
                    waiting.clear()
                    yield sink.take()
            if waiting:
                writer.write_table(_table(waiting, columns, schema))
    yield sink.take()


def _table(rows: list[object], columns: Mapping[str, Reader], schema: pa.Schema) -> pa.Table:
    arrays = []
    for column, read in zip(schema, columns.values(), strict=True):
        values = [read(row) for row in rows]
        if column.type == pa.string():
            # An exact number as text, as in the other formats.
            values = [None if value is None else str(shown(value)) for value in values]
        arrays.append(pa.array(values, type=column.type))
    return pa.Table.from_arrays(arrays, schema=schema)
