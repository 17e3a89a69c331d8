"""The terms of a counterparty, read from a file of TOML: its session, its orders, its symbols."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.orders.model.types import OrderType, TimeInForce, TriggerPrice
from domain.orders.venues.types import Capabilities

_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_TO_LIMIT})
_USUAL_TYPES = (OrderType.MARKET, OrderType.LIMIT)
_USUAL_TIMES = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
_KNOWN: Mapping[str, frozenset[str]] = {
    "session": frozenset(
        {"host", "port", "sender", "target", "username", "heartbeat_seconds", "reset_on_logon", "tls"}
    ),
    "orders": frozenset(
        {"account", "types", "times_in_force", "replace", "post_only", "triggers", "timeout_seconds", "mass_status"}
    ),
    "symbols": frozenset(),
}
_MAX_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartyTerms:
    """The way to a counterparty, and its functions.

    ``symbols`` are its names of our symbols where they differ. ``mass_status`` tells that it lists open orders
    (OrderMassStatusRequest).
    """

    host: str
    port: int
    sender: str
    target: str
    username: str = ""
    heartbeat_seconds: int = 30
    reset_on_logon: bool = False
    tls: bool = False
    account: str = ""
    timeout_seconds: float = 10.0
    mass_status: bool = True
    symbols: Mapping[str, str]
    capabilities: Capabilities

    def theirs(self, symbol: str) -> str:
        """The counterparty's name of an instrument of ours."""
        return self.symbols.get(symbol, symbol)

    def ours(self, symbol: str) -> str:
        """Our name of a symbol of the counterparty."""
        return next((ours for ours, theirs in self.symbols.items() if theirs == symbol), symbol)


def read_terms(path: Path) -> CounterpartyTerms:
    """Read and check a file of terms.

    Raises:
        ValueError: it cannot be read, or something in it is missing, unknown or wrong; with what.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    for table, values in found.items():
        if table not in _KNOWN or not isinstance(values, dict):
            raise ValueError(f"[{table}] is no table of {', '.join(_KNOWN)}")
        unknown = sorted(set(values) - _KNOWN[table]) if table != "symbols" else []
        if unknown:
            raise ValueError(f"[{table}] has no {unknown[0]}; it has {', '.join(sorted(_KNOWN[table]))}")
    return _checked(found.get("session", {}), found.get("orders", {}), found.get("symbols", {}))


def _checked(session: dict[str, Any], orders: dict[str, Any], symbols: dict[str, Any]) -> CounterpartyTerms:
    if not all(isinstance(value, str) for value in symbols.values()) or len(set(symbols.values())) < len(symbols):
        raise ValueError("[symbols] has a text for each of our symbols, each once")
    types = frozenset(_words(OrderType, orders, "types", _USUAL_TYPES))
    if not types <= _TYPES:
        raise ValueError(f"types may be {', '.join(sorted(_TYPES))}")
    times = frozenset(_words(TimeInForce, orders, "times_in_force", _USUAL_TIMES))
    return CounterpartyTerms(
        host=_text(session, "host"),
        port=_number(session, "port", None, 65_535),
        sender=_text(session, "sender"),
        target=_text(session, "target"),
        username=_text(session, "username", ""),
        heartbeat_seconds=_number(session, "heartbeat_seconds", 30, _MAX_SECONDS),
        reset_on_logon=_flag(session, "reset_on_logon"),
        tls=_flag(session, "tls"),
        account=_text(orders, "account", ""),
        timeout_seconds=float(_number(orders, "timeout_seconds", 10, _MAX_SECONDS)),
        mass_status=_flag(orders, "mass_status", usual=True),
        symbols=symbols,
        capabilities=Capabilities(
            order_types=types,
            times_in_force=times,
            replace=_flag(orders, "replace", usual=True),
            post_only=_flag(orders, "post_only"),
            trigger_prices=frozenset(_words(TriggerPrice, orders, "triggers", (TriggerPrice.LAST,))),
            batch_size=50,
            positions=False,
        ),
    )


def _text(table: dict[str, Any], name: str, usual: str | None = None) -> str:
    value = table.get(name, usual)
    if not isinstance(value, str) or (usual is None and not value):
        raise ValueError(f"{name} must be a text")
    return value


def _number(table: dict[str, Any], name: str, usual: int | None, most: int) -> int:
    value = table.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}")
    return value


def _flag(table: dict[str, Any], name: str, *, usual: bool = False) -> bool:
    value = table.get(name, usual)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004  a person's text is wrong, no argument
    return value


def _words(kind: Any, table: dict[str, Any], name: str, usual: tuple[Any, ...]) -> list[Any]:
    given = table.get(name, list(usual))
    try:
        return [kind(value) for value in given]
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a list of {', '.join(kind)}") from None
