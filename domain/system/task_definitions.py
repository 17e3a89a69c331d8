"""The tasks of this release, as the code defines them.

To add a task: define it here, write its function in ``workers/tasks`` and name that in ``workers/tasks/registry.py``. A
function does all work that is due in one call, writes in transactions of its own that may be repeated, and can be
killed at any point.
"""

from collections.abc import Mapping

from domain.system.types import Cron, Interval, TaskDefinition

DAY_ROLL = "day-roll"
BOOK_PROOF = "book-proof"
BALANCES = "balances"
ORDER_EXPIRY = "order-expiry"
CANCEL_TIMERS = "cancel-timers"
RETENTION = "retention"
HEALTH = "health"
VENUE_RECONCILIATION = "venue-reconciliation"
EQUITY_SAMPLES = "equity-samples"
POSITION_SNAPSHOTS = "position-snapshots"
HISTORY = "history"
RISK_SWEEP = "risk-sweep"
ANOMALY_DETECTION = "anomaly-detection"
LATE_COMMANDS = "late-commands"
FUNDING = "funding"

DEFINITIONS: Mapping[str, TaskDefinition] = {
    definition.name: definition
    for definition in (
        TaskDefinition(
            DAY_ROLL,
            "Ends each finished day, in order: corporate actions, settlement, funding and interest, statements.",
            Interval(60),
        ),
        TaskDefinition(
            FUNDING,
            "Posts the funding of perpetuals for each past funding hour, in order.",
            Interval(60),
        ),
        TaskDefinition(
            BOOK_PROOF,
            "Proves the books of every account from its executions and transactions alone.",
            Interval(3_600),
            max_retries=1,
        ),
        TaskDefinition(
            EQUITY_SAMPLES,
            "Values every account and samples its equity, from which curves and performance are made.",
            Interval(60),
            catch_up=False,
        ),
        TaskDefinition(
            POSITION_SNAPSHOTS,
            "Values the positions of every account and keeps a snapshot of them.",
            Interval(3_600),
            catch_up=False,
        ),
        TaskDefinition(
            HISTORY,
            "Creates the monthly partitions ahead for events, bars, samples and snapshots; archives and drops old "
            "ones.",
            Interval(86_400),
            timeout_seconds=3_600,
        ),
        TaskDefinition(
            BALANCES,
            "Recomputes the reservations and the margin of every account, and corrects differences.",
            Interval(300),
            catch_up=False,
        ),
        TaskDefinition(
            ORDER_EXPIRY,
            "Expires orders of the paper venue that are overdue by more than a minute, while no engine does.",
            Interval(30),
            catch_up=False,
        ),
        TaskDefinition(
            LATE_COMMANDS,
            "Raises a risk event while orders and cancels wait for a venue that no engine serves.",
            Interval(10),
            timeout_seconds=30,
            catch_up=False,
        ),
        TaskDefinition(
            CANCEL_TIMERS,
            "Fires the due cancel timers of accounts, while no engine does.",
            Interval(15),
            timeout_seconds=30,
            catch_up=False,
        ),
        TaskDefinition(
            RETENTION,
            "Deletes old runs of tasks, and sessions, refresh tokens and traces of orders that ended over a month ago.",
            Cron("20 3 * * *"),
        ),
        TaskDefinition(
            HEALTH,
            "Checks the servers, the disk, and that each role of the engine is running.",
            Interval(60),
            timeout_seconds=15,
            max_retries=0,
            catch_up=False,
        ),
        TaskDefinition(
            RISK_SWEEP,
            "Completes the cancellations of halts, and enforces broken limits while no engine does.",
            Interval(30),
            catch_up=False,
        ),
        TaskDefinition(
            ANOMALY_DETECTION,
            "Runs the anomaly detectors on new events of accounts, prices and servers, and records their findings.",
            Interval(60),
            catch_up=False,
        ),
        TaskDefinition(
            VENUE_RECONCILIATION,
            "Fails while the books of a real venue differ from the platform's; the engine compares them every minute.",
            Interval(60),
            max_retries=0,
            catch_up=False,
        ),
    )
}
