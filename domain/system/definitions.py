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
            "Ends the platform's days that are over, in order: corporate actions, settlement, carry, statements.",
            Interval(60),
        ),
        TaskDefinition(
            FUNDING,
            "Posts the funding of perpetuals for the hours that are over, missed ones in order.",
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
            "Makes the months ahead of events, bars, samples and snapshots; archives and drops old ones.",
            Interval(86_400),
            timeout_seconds=3_600,
        ),
        TaskDefinition(
            BALANCES,
            "Works out again what every account has reserved and what margin it has, and puts right what differs.",
            Interval(300),
            catch_up=False,
        ),
        TaskDefinition(
            ORDER_EXPIRY,
            "Lets orders of the paper venue expire whose time was over a minute ago, when no engine is there to do it.",
            Interval(30),
            catch_up=False,
        ),
        TaskDefinition(
            LATE_COMMANDS,
            "Raises a risk event while orders and cancels wait because nobody plays their venue.",
            Interval(10),
            timeout_seconds=30,
            catch_up=False,
        ),
        TaskDefinition(
            CANCEL_TIMERS,
            "Fires the cancel timers of accounts that are due, when no engine is there to do it.",
            Interval(15),
            timeout_seconds=30,
            catch_up=False,
        ),
        TaskDefinition(
            RETENTION,
            "Forgets old runs of tasks, and sessions, refresh tokens and traces of orders that were over a month ago.",
            Cron("20 3 * * *"),
        ),
        TaskDefinition(
            HEALTH,
            "Looks at the servers, the disk, and whether somebody plays each of the engine's roles.",
            Interval(60),
            timeout_seconds=15,
            max_retries=0,
            catch_up=False,
        ),
        TaskDefinition(
            RISK_SWEEP,
            "Finishes what halts were to cancel, and acts on broken limits when no engine is there to do it.",
            Interval(30),
            catch_up=False,
        ),
        TaskDefinition(
            ANOMALY_DETECTION,
            "Lets the anomaly detectors read what is new of accounts, prices and servers, and tells what they find.",
            Interval(60),
            catch_up=False,
        ),
        TaskDefinition(
            VENUE_RECONCILIATION,
            "Fails while a real venue's books differ from ours, which the engine compares every minute.",
            Interval(60),
            max_retries=0,
            catch_up=False,
        ),
    )
}
