"""Rules of repeated attempts. Pure: a failure in, a waiting time out.

A query is repeated after any failure that may pass. A command is repeated if it certainly had no effect, or if it
carries a key of its own, so that the server recognises the repeat: no order is placed twice, no money moves twice.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tradegraph_client.errors import ApiError, RateLimited, Unavailable

# Setting a state to what it is already changes nothing: these can be repeated as they are. `login` begins a second
# session, which nobody holds and which expires.
_REPEATABLE: Final = frozenset(
    {
        "cancelAllAfter",
        "cancelOrder",
        "cancelOrders",
        "deposit",
        "grantAccount",
        "login",
        "publishQuotes",
        "revokeAccount",
        "revokeApiKey",
        "revokeOtherSessions",
        "revokeSession",
        "savePreferences",
        "setAccountState",
        "setInterestRate",
        "withdraw",
    }
)
_PLACING: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "placeOrder": (("input",),),
    "placeOrders": (("input", "orders"),),
    "placeBracket": (("input", "entry"), ("input", "takeProfit"), ("input", "stopLoss")),
    "placeOco": (("input", "first"), ("input", "second")),
    "closePosition": (("input",),),
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The patience of a call.

    Attributes:
        patience_seconds: From the first attempt until the last one begins. 0 tries once.
        first_wait_seconds: Before the second attempt; each wait after it is twice as long.
        longest_wait_seconds: The longest wait. A server that asks for a longer one gets it, if patience lasts.
        jitter: The share of a wait that is left to chance, so that clients do not come back all at once.
    """

    patience_seconds: float = 30.0
    first_wait_seconds: float = 0.1
    longest_wait_seconds: float = 5.0
    jitter: float = 0.5

    def backoff(self, attempt: int, chance: float) -> float:
        """The wait after an attempt, counted from 1; ``chance`` from 0 to 1."""
        whole = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** min(attempt - 1, 30))
        return whole * (1.0 - self.jitter * chance)

    def wait(
        self, error: ApiError, attempt: int, elapsed: float, chance: float, *, is_repeatable: bool
    ) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        if isinstance(error, RateLimited):
            seconds = max(error.retry_after_seconds or 0.0, self.backoff(attempt, chance))
        elif isinstance(error, Unavailable) and (is_repeatable or not error.outcome_unknown):
            seconds = self.backoff(attempt, chance)
        else:
            return None
        return seconds if elapsed + seconds <= self.patience_seconds else None


def is_command(document: str) -> bool:
    """True of a mutation."""
    return document.lstrip().startswith("mutation")


def prepare(operation: str | None, variables: dict[str, Any]) -> tuple[str, ...]:
    """Give each order that is asked for an id of its own, unless it has one; the ids.

    The ids are made once for all attempts: that is what makes a repeat harmless.
    """
    ids = []
    for order in _orders(operation, variables):
        order["clientOrderId"] = order.get("clientOrderId") or f"py-{uuid.uuid4()}"
        ids.append(order["clientOrderId"])
    return tuple(ids)


def is_repeatable(document: str, operation: str | None) -> bool:
    """True if a second execution does no more than the first, after ``prepare``."""
    return not is_command(document) or operation in _REPEATABLE or operation in _PLACING


def _orders(operation: str | None, variables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in _PLACING.get(operation or "", ()):
        value: Any = variables
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        yield from (row for row in (value if isinstance(value, list) else [value]) if isinstance(row, dict))
