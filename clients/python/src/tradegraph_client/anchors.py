"""The start positions of streams without a given position: the end of the log before the first connection.

Without one, a stream that loses its connection before its first event would not know what it has missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_OF_ACCOUNT: Final = "query anchor($accountId: ID!) { account(id: $accountId) { cursor: eventCursor } }"
_OF_RISK: Final = "query anchor { streamCursors { cursor: riskEvents } }"
_OF_ANOMALIES: Final = "query anchor { streamCursors { cursor: anomalies } }"
_OF_CASES: Final = "query anchor { streamCursors { cursor: anomalyCases } }"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A query for the end of a log."""

    document: str
    variables: dict[str, Any]

    def cursor(self, data: dict[str, Any]) -> str | None:
        """The place, of its answer; None of a log that does not exist."""
        found = next(iter(data.values()))
        return found["cursor"] if isinstance(found, dict) else None


_ANCHORS: Final[Mapping[str, str]] = {
    "watchOrderEvents": _OF_ACCOUNT,
    "watchExecutions": _OF_ACCOUNT,
    "watchRiskEvents": _OF_RISK,
    "watchAnomalies": _OF_ANOMALIES,
    "watchAnomalyCases": _OF_CASES,
}


def anchor_of(operation: str | None, variables: Mapping[str, Any]) -> Anchor | None:
    """The query for the place where a stream begins; None of streams that have none."""
    document = _ANCHORS.get(operation or "")
    if document is None:
        return None
    return Anchor(document, {"accountId": variables.get("accountId")} if document is _OF_ACCOUNT else {})
