"""Results as tables of pandas, which the extra ``pandas`` installs."""

import importlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pydantic

if TYPE_CHECKING:
    from pandas import DataFrame


def to_pandas(items: Iterable[pydantic.BaseModel], *, floats: bool = False) -> "DataFrame":
    """A row for each item and a column for each field; fields of objects inside are named ``account.name``.

    Money stays exact: its columns hold ``Decimal``. With ``floats`` they hold floats, for statistics and charts. Times
    are in UTC. Lists inside stay lists.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError("tables need pandas: pip install 'tradegraph-client[pandas]'") from error
    table: DataFrame = pandas.DataFrame([dict(_flat(item.model_dump(), "", floats=floats)) for item in items])
    return table


def _flat(fields: dict[str, Any], prefix: str, *, floats: bool) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.", floats=floats)
        elif isinstance(value, Decimal):
            yield f"{prefix}{name}", float(value) if floats else value
        else:
            yield f"{prefix}{name}", str(value) if isinstance(value, str) else value
