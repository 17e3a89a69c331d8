"""Proofs of the books."""

from typing import cast

import structlog

from domain.anomalies.facts import BooksProved
from domain.anomalies.running import run_detectors
from domain.orders.books.proof import BookProof, prove_book
from domain.system.types import Json, Result
from workers.tasks.context import TaskContext, TaskFailure, Unfinished
from workers.tasks.slices import AccountWalk

# So many accounts are named; the log names all.
_MAX_NAMED = 20
_log = structlog.stdlib.get_logger("tasks")


async def prove_books(run: TaskContext) -> Result | Unfinished:
    """Prove the books of all accounts, an account at a time.

    Raises:
        TaskFailure: some books differ from their proof.
    """
    catalog = await run.services.market.refresh()
    proved = cast("int", run.progress.get("proved", 0))
    broken = cast("int", run.progress.get("broken", 0))
    named = list(cast("list[Json]", run.progress.get("accounts", [])))
    proofs: list[BooksProved] = []
    walk = AccountWalk(run)
    async for (account_id,) in walk:
        proof = await prove_book(account_id, catalog.by_id)
        proved += 1
        proofs.append(_fact(proof))
        if not proof.intact:
            broken += 1
            named = [*named, str(account_id)][:_MAX_NAMED]
            _log.error("books fail their proof", account_id=str(account_id), breaks=len(proof.breaks))
    await run_detectors(run.services.bus, proofs)
    result: Result = {"proved": proved, "broken": broken, "accounts": named}
    if walk.progress:
        return Unfinished({**result, **walk.progress})
    if broken:
        raise TaskFailure(f"The books of {broken} of {proved} accounts fail their proof.", result)
    return result


def _fact(proof: BookProof) -> BooksProved:
    """The result of the proof as a fact for the anomaly detectors, with the first differences."""
    told = (f"{broken.what}: {broken.booked} booked, {broken.derived} derived" for broken in proof.breaks[:_MAX_NAMED])
    return BooksProved(str(proof.account_id), tuple(told), proof.checked_at)
