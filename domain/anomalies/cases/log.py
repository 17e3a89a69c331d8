"""The steps of all cases as a process follows them: numbered, without gap or repeat."""

from domain.anomalies.cases import queries
from domain.anomalies.cases.forms import decode
from domain.anomalies.cases.types import CaseEvent
from domain.kernel.bus import Bus
from domain.kernel.log_tail import StoredLog

CHANNEL = "anomaly-cases"


def case_log(bus: Bus) -> StoredLog[CaseEvent]:
    """The steps of all cases, as one process follows them."""
    return StoredLog(bus, CHANNEL, queries.read_head, queries.read_steps, decode, queries.MAX_STEPS_PER_READ)
