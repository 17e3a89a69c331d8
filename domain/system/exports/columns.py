"""The columns of exports, pure: their names, which are the API's, and the value of a row in each."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from operator import attrgetter
from typing import Any

Reader = Callable[[Any], object]


class ExportKind(StrEnum):
    """Everything that can be exported of an account."""

    ORDERS = "orders"
    EXECUTIONS = "executions"
    LEDGER = "ledger"
    STATEMENTS = "statements"
    CLOSED_TRADES = "closed-trades"
    TAX_LOTS = "tax-lots"
    EQUITY = "equity"


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
    ExportKind.EQUITY: _columns("at equity cash unrealized_pnl"),
}
