"""The queue of commands: what comes behind a correction of the books waits until the venue has been built again."""

from domain.kernel.database import fetch
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.command_queries import last_command, take_commands
from domain.orders.exchange.paper import PAPER
from domain.orders.model.venue_commands import REARM, SUBMIT
from domain.orders.queries import insert_commands
from tests.orders.factories import command
from tests.support.trading import Platform


async def test_an_order_behind_a_correction_is_not_taken_with_it(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    (before,) = await quiet_desk.place(owner, command(account_id=book.id))
    async with unit_of_work(services.bus) as work:
        await insert_commands(work, [(REARM, before)])
    (behind,) = await quiet_desk.place(owner, command(account_id=book.id))
    last = await last_command(PAPER)
    taken = []
    for _ in range(3):
        async with unit_of_work(services.bus) as work:
            rows = await take_commands(work, PAPER, last, 100)
        taken.append([(row["kind"], row["order_id"]) for row in sorted(rows, key=lambda row: row["id"])])
    assert taken == [[(SUBMIT, before.id), (REARM, before.id)], [(SUBMIT, behind.id)], []]
    assert await fetch("SELECT 1 FROM venue_commands") == []
