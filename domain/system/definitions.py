"""The tasks of this release, as the code defines them.

To add one: define it here, write its function in ``workers/tasks`` and name that in ``workers/tasks/registry.py``. Each
does in one go what is due by then, writes in transactions of its own that may be repeated, and can be killed anywhere.
"""

from collections.abc import Mapping

from domain.system.types import Interval, TaskDefinition

DAY_ROLL = "day-roll"
BOOK_PROOF = "book-proof"
EQUITY_SAMPLES = "equity-samples"
POSITION_SNAPSHOTS = "position-snapshots"
HISTORY = "history"

DEFINITIONS: Mapping[str, TaskDefinition] = {
    definition.name: definition
    for definition in (
        TaskDefinition(
            DAY_ROLL,
            "Ends the platform's days that are over, in order: corporate actions, settlement, carry, statements.",
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
            "Makes the months ahead in which samples and snapshots are kept, and drops those that are too old.",
            Interval(86_400),
        ),
    )
}
