"""Orders of which only some attributes are read: the columns to select, and the values made of the rows.

A list shows a dozen of an order's fifty columns; reading and converting the others would be half of its cost.
"""

from collections import namedtuple
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from domain.kernel.database import Row
from domain.orders.model.order import Order
from domain.orders.queries import MEMBERS_OF, ORDER_COLUMNS, SELECT_ORDER, to_order

# Properties of an order by the columns that they are computed from.
_COMPUTED = {"remaining_quantity": ("quantity", "filled_quantity", "closed_at")}
_PLAIN = frozenset({*ORDER_COLUMNS, "symbol"}) - {"violations", "pending_changes"}

Read = Callable[[Row], Order]


@lru_cache(maxsize=256)
def order_columns(attributes: frozenset[str] | None) -> tuple[str, Read]:
    """The columns to select from ``FROM_ORDERS``, and a reader of objects with (at least) these attributes.

    None stands for all attributes, and so does a name that is neither a column nor computed from columns.
    """
    computed = [name for name in attributes or () if name in _COMPUTED]
    wanted = set(attributes or ()) - set(computed)
    wanted.update(column for name in computed for column in _COMPUTED[name])
    if not wanted or not wanted <= _PLAIN:
        return SELECT_ORDER, to_order
    names = [name for name in (*ORDER_COLUMNS, "symbol") if name in wanted]
    columns = ", ".join("i.symbol" if name == "symbol" else f"o.{name}" for name in names)
    return columns, _reader(names, computed)


def _reader(names: list[str], computed: list[str]) -> Read:
    base: Any = namedtuple("OrderPart", tuple(names))  # type: ignore[misc]  # noqa: PYI024  known when an operation is
    properties = {name: getattr(Order, name) for name in computed}
    make = cast(Any, type("OrderPart", (base,), {"__slots__": (), **properties}))._make
    members = [(place, MEMBERS_OF[name]) for place, name in enumerate(names) if name in MEMBERS_OF]

    def read(row: Row) -> Order:
        values = list(row)
        for place, by_value in members:
            values[place] = by_value[values[place]]
        return cast(Order, make(values))

    return read
