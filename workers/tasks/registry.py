"""Which function does which task: one for each of ``domain.system.definitions.DEFINITIONS``, and no other."""

from collections.abc import Mapping

from domain.system.definitions import BOOK_PROOF, DAY_ROLL
from workers.tasks.books import prove_books
from workers.tasks.context import TaskFunction
from workers.tasks.days import roll_day

TASKS: Mapping[str, TaskFunction] = {
    DAY_ROLL: roll_day,
    BOOK_PROOF: prove_books,
}
