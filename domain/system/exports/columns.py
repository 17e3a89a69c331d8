"""The columns of exports, pure: their names, which are the API's, and the value of a row in each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any

from domain.accounts.types import Transaction
from domain.kernel.named_form import field_kinds
from domain.kernel.time import Nanos
from domain.orders.model.order import Execution, Order
from domain.positions.history_types import EquitySample
from domain.positions.lots import ClosedTrade
from domain.settlement.types import DailyStatement

Reader = Callable[[Any], object]
# Spreadsheets take a text that begins so for a formula: in CSV it has an apostrophe before it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class ExportKind(StrEnum):
    """Everything that can be exported of an account."""

    ORDERS = "orders"
    EXECUTIONS = "executions"
    LEDGER = "ledger"
    STATEMENTS = "statements"
    CLOSED_TRADES = "closed-trades"
    TAX_LOTS = "tax-lots"
    EQUITY = "equity"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line of the file; a field is None where its kind has no use for it."""

    reference: str
    at: Nanos
    kind: str
    booked_at: datetime | None = None
    symbol: str | None = None
    side: str | None = None
    position_effect: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    liquidity: str | None = None
    order: str | None = None
    strategy: str | None = None
    fee: Decimal | None = None
    fee_currency: str | None = None
    tax: Decimal | None = None
    fx_rate: Decimal | None = None
    realized_pnl: Decimal | None = None
    amount: Decimal | None = None
    note: str | None = None


def _columns(names: str) -> dict[str, Reader]:
    return {_api_name(name): attrgetter(name) for name in names.split()}


def _api_name(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


_TAGS: dict[str, Reader] = {"tags": lambda order: " ".join(order.tags)}
COLUMNS: Mapping[ExportKind, Mapping[str, Reader]] = {
    ExportKind.ORDERS: _columns(
        "id client_order_id venue_order_id created_at updated_at closed_at symbol side type time_in_force"
        " position_effect quantity limit_price stop_price trailing_offset trailing_offset_kind limit_offset"
        " activation_price trigger_price post_only reduce_only expires_at status filled_quantity average_price fees"
        " strategy contingency parent_id group_id reject_reason reject_message triggered_at version placed_by"
    )
    | _TAGS,
    ExportKind.EXECUTIONS: _columns(
        "id order_id venue_execution_id sequence at created_at symbol side position_effect price quantity fee tax"
        " realized_pnl fx_rate liquidity venue_fee venue_fee_currency withheld busted_at busted_by corrected_by"
    ),
    ExportKind.LEDGER: _columns(
        "id sequence created_at kind contra amount balance_after currency order_id execution_id reference note by hash"
    ),
    ExportKind.STATEMENTS: _columns(
        "day opening_equity deposits withdrawals realized_pnl unrealized_pnl_change fees taxes financing dividends"
        " closing_equity executions"
    ),
    ExportKind.CLOSED_TRADES: _columns(
        "symbol side quantity entry_price exit_price opened_at closed_at realized_pnl matched_pnl fees"
    ),
    ExportKind.TAX_LOTS: _columns("symbol side quantity opened_at closed_at entry_price exit_price")
    | {
        "heldDays": lambda trade: (trade.closed_at - trade.opened_at).days,
        "gain": attrgetter("matched_pnl"),
        "fees": attrgetter("fees"),
        "gainAfterFees": lambda trade: trade.matched_pnl - trade.fees,
    },
    ExportKind.HISTORY: _columns(
        "reference at kind booked_at symbol side position_effect quantity price liquidity order strategy fee"
        " fee_currency tax fx_rate realized_pnl amount note"
    ),
    ExportKind.EQUITY: _columns("at equity cash unrealized_pnl"),
}

_SOURCES: Mapping[ExportKind, type] = {
    ExportKind.ORDERS: Order,
    ExportKind.EXECUTIONS: Execution,
    ExportKind.LEDGER: Transaction,
    ExportKind.STATEMENTS: DailyStatement,
    ExportKind.CLOSED_TRADES: ClosedTrade,
    ExportKind.TAX_LOTS: ClosedTrade,
    ExportKind.EQUITY: EquitySample,
    ExportKind.HISTORY: HistoryRow,
}
_COMPUTED = {"tags": str, "heldDays": int, "gain": Decimal, "gainAfterFees": Decimal}
# Quotients, which may have more than the 18 decimals of everything else.
_DIVIDED = frozenset({"fxRate", "entryPrice", "exitPrice"})
_DIVIDED_IN_HISTORY = _DIVIDED | {"fee", "tax"}


def column_types(kind: ExportKind) -> dict[str, type]:
    """The type of the values of each column; text for numbers of more than 18 decimals, enums and identifiers."""
    types = {_api_name(name): found for name, found in field_kinds(_SOURCES[kind]).items()} | _COMPUTED
    divided = _DIVIDED_IN_HISTORY if kind is ExportKind.HISTORY else _DIVIDED
    return {name: str if name in divided else types[name] for name in COLUMNS[kind]}
