"""The log of anomalies as followed by one process: numbered, without gaps or repeats."""

from collections.abc import Sequence
from typing import Any

import orjson

from domain.anomalies import queries
from domain.anomalies.anomaly import Anomaly
from domain.kernel.bus import Bus
from domain.kernel.log_tail import StoredLog
from domain.kernel.named_form import NamedForm

CHANNEL = "anomalies"
VERSION = 2
FORM = NamedForm(Anomaly)
# The order of the values in version 1.
_NAMES_1 = (
    "id",
    "sequence",
    "kind",
    "severity",
    "account_id",
    "symbol",
    "component",
    "score",
    "observed",
    "expected",
    "threshold",
    "explanation",
    "evidence",
    "fingerprint",
    "detected_at",
    "risk_event_id",
    "case_id",
)
Numbered = tuple[int, Anomaly]


def encode(anomalies: Sequence[Anomaly]) -> bytes:
    """The form in which anomalies travel over the bus: with names, so that processes of other versions read it."""
    return orjson.dumps({"version": VERSION, "anomalies": [FORM.write(anomaly) for anomaly in anomalies]}, default=str)


def decode(message: bytes) -> list[Numbered]:
    """The anomalies of a message of ``encode`` in this or another version, each with its number.

    Members that this version does not know are left out; of those that the sender did not know, it takes the neutral
    values. Version 1 is a list of values for each anomaly.
    """
    parts = orjson.loads(message)
    forms = parts["anomalies"] if isinstance(parts, dict) else [_named(values) for values in parts]
    return [(anomaly.sequence, anomaly) for anomaly in map(FORM.read, forms)]


def _named(values: Sequence[Any]) -> dict[str, Any]:
    # Senders before cases have one value less.
    return dict(zip(_NAMES_1, values, strict=False))


def anomaly_log(bus: Bus) -> StoredLog[Anomaly]:
    """All anomalies, as one process follows them."""
    most = queries.MAX_ANOMALIES_PER_READ
    return StoredLog(bus, CHANNEL, queries.read_head, queries.read_anomalies, decode, most)
