"""Which function does which task: one for each of ``domain.system.definitions.DEFINITIONS``, and no other."""

from collections.abc import Mapping

from domain.system.definitions import BOOK_PROOF, DAY_ROLL, EQUITY_SAMPLES, HISTORY, POSITION_SNAPSHOTS
from workers.tasks.books import prove_books
from workers.tasks.context import TaskFunction
from workers.tasks.days import roll_day
from workers.tasks.history import keep_months, sample_accounts, snapshot_accounts

TASKS: Mapping[str, TaskFunction] = {
    DAY_ROLL: roll_day,
    BOOK_PROOF: prove_books,
    EQUITY_SAMPLES: sample_accounts,
    POSITION_SNAPSHOTS: snapshot_accounts,
    HISTORY: keep_months,
}
