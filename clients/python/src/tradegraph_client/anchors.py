"""The start positions of streams without a given position: the end of the log before the first connection.

Without one, a stream that loses its connection before its first event would not know what it has missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_OF_ACCOUNT: Final = "query anchor($accountId: ID!) { account(id: $accountId) { cursor: eventCursor } }"
_OF_RISK: Final = """query anchor($accountId: ID) {
  riskEvents(filter: { accountId: $accountId }, first: 1) { edges { node { cursor } } }
}"""
_OF_ANOMALIES: Final = """query anchor($accountId: ID) {
  anomalies(filter: { accountId: $accountId }, first: 1) { edges { node { cursor } } }
}"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A query for the end of a log."""

    document: str
    variables: dict[str, Any]

    def cursor(self, data: dict[str, Any]) -> str | None:
        """The place, of its answer; None of an empty log and of one that does not exist."""
        found = next(iter(data.values()))
        if isinstance(found, dict) and "edges" in found:
            found = found["edges"][0]["node"] if found["edges"] else None
        return found["cursor"] if isinstance(found, dict) else None


_ANCHORS: Final[Mapping[str, str]] = {
    "watchOrderEvents": _OF_ACCOUNT,
    "watchExecutions": _OF_ACCOUNT,
    "watchRiskEvents": _OF_RISK,
    "watchAnomalies": _OF_ANOMALIES,
}


def anchor_of(operation: str | None, variables: Mapping[str, Any]) -> Anchor | None:
    """The query for the place where a stream begins; None of streams that have none."""
    document = _ANCHORS.get(operation or "")
    return Anchor(document, {"accountId": variables.get("accountId")}) if document is not None else None
