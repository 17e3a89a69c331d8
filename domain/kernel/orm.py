"""The ORM outside and inside units of work: reads through models, and a client that works in a unit's transaction.

Models are for configuration and administration, where few rows are read or changed at a time. Reads and writes of many
rows in few statements are SQL (docs/adr/0045).
"""

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from tortoise import Model
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import connections
from tortoise.queryset import QuerySet

from domain.kernel.database import Connection, refuse_in_transaction, unavailable_when_down
from domain.kernel.outages import CONNECTION_ERRORS

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


def client_of(connection: Connection) -> BaseDBAsyncClient:
    """A client for ``using_db`` that works on this connection, inside the transaction that is open there.

    ``get_or_create`` and ``update_or_create`` open a transaction of their own on another connection: not with this.
    """
    default = connections.get("default")
    parent = SimpleNamespace(_connection=connection, log=default.log, connection_name=default.connection_name)
    return TransactionWrapper(cast(Any, parent))


async def read(query: QuerySet[Row]) -> list[Row]:
    """The rows of a query outside a transaction, tried once more when a connection died with the last restart.

    Raises:
        Unavailable: the database cannot be reached.
    """
    refuse_in_transaction()
    with unavailable_when_down():
        try:
            return await query.all()
        except CONNECTION_ERRORS:
            return await query.all()


async def count(query: QuerySet[Row]) -> int:
    """The number of rows of a query outside a transaction; tried again as ``read`` does.

    Raises:
        Unavailable: the database cannot be reached.
    """
    refuse_in_transaction()
    with unavailable_when_down():
        try:
            return await query.count()
        except CONNECTION_ERRORS:
            return await query.count()


def value_of(type_: type[Value], row: Model, **others: Any) -> Value:
    """The value whose fields are the columns of ``row``, those in ``others`` apart."""
    names = (item.name for item in fields(type_) if item.name not in others)  # type: ignore[arg-type]  # a dataclass
    return type_(**{name: getattr(row, name) for name in names}, **others)


def columns_of(value: Any, *names: str) -> dict[str, Any]:
    """The fields of a value by name, all or some, as the columns of its table."""
    return {name: getattr(value, name) for name in names or [item.name for item in fields(value)]}
