"""The queue of commands: while a correction of the books waits, the others wait for a venue that is built anew."""

from domain.kernel.database import fetch
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.command_queries import CommandQueue, read_queue, take_commands
from domain.orders.exchange.paper import PAPER
from domain.orders.model.venue_commands import REARM, SUBMIT
from domain.orders.queries import insert_commands
from tests.orders.factories import command
from tests.support.trading import Platform


async def test_orders_beside_a_correction_are_not_taken_with_it(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    (before,) = await quiet_desk.place(owner, command(account_id=book.id))
    async with unit_of_work(services.bus) as work:
        await insert_commands(work, [(REARM, before, None)])
    (behind,) = await quiet_desk.place(owner, command(account_id=book.id))
    queue = await read_queue(PAPER)
    assert queue.is_corrected
    taken = []
    for _ in range(3):
        async with unit_of_work(services.bus) as work:
            rows = await take_commands(work, PAPER, queue.last, 100)
        taken.append([(row["kind"], row["order_id"]) for row in sorted(rows, key=lambda row: row["id"])])
    assert taken == [[(REARM, before.id)], [(SUBMIT, before.id), (SUBMIT, behind.id)], []]
    assert await read_queue(PAPER) == CommandQueue(0, is_corrected=False)
    assert await fetch("SELECT 1 FROM venue_commands") == []
