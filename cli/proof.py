"""`tradegraph proof`: rebuilds every account from its executions and transactions, and balances all money."""

import argparse
import asyncio
import os

from adapters.database.connection import database
from adapters.settings.loading import load_settings
from cli.addresses import servers_for_a_while
from cli.checks import check_schema
from cli.errors import CommandError
from domain.accounts.queries import read_all_ids, read_balances, read_books
from domain.kernel.numbers import ZERO, plain
from domain.market.instrument_store import read_instruments
from domain.orders.books.proof import BookBreak, BookProof, prove_book


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One: the amount of output."""
    parser.add_argument("--quiet", action="store_true", help="print only accounts whose books are not intact")


def run(arguments: argparse.Namespace) -> int:
    """Prove all accounts; fails when one of them, or the sum of all, does not agree."""
    with servers_for_a_while(load_settings(os.environ)) as settings:
        broken = asyncio.run(prove_all(settings.database_url, quiet=arguments.quiet))
    if broken:
        raise CommandError(f"the books do not agree: {', '.join(broken)}")
    return 0


async def prove_all(database_url: str, *, quiet: bool) -> list[str]:
    """Prove the books and print the results; returns the names of the broken ones."""
    await check_schema(database_url)
    broken = []
    async with database(database_url, pool_size=2):
        instruments = {instrument.id: instrument for instrument in await read_instruments()}
        ids = await read_all_ids()
        for account_id in ids:
            proof = await prove_book(account_id, instruments)
            name = (await read_books([account_id]))[account_id].name
            if not proof.intact:
                broken.append(f"account {name}")
            if not (quiet and proof.intact):
                print("\n".join(_account_lines(name, proof)))
        broken += await _unbalanced()
    print(f"{len(ids)} accounts proved, {len(broken)} disagreements")
    return broken


def _account_lines(name: str, proof: BookProof) -> list[str]:
    summary = f"{proof.transactions} transactions, {proof.executions} executions, cash {plain(proof.booked_cash)}"
    lines = [f"{name}: {'intact' if proof.intact else 'BROKEN'} ({summary})"]
    return lines + [_break_line(each) for each in proof.breaks]


def _break_line(each: BookBreak) -> str:
    ids = {"transaction": each.transaction_id, "position": each.position_id, "order": each.order_id}
    where = "".join(f", {what} {identifier}" for what, identifier in ids.items() if identifier is not None)
    return f"    {each.what}: booked {each.booked}, derived {each.derived}{where}"


async def _unbalanced() -> list[str]:
    """The currencies in which accounts and house accounts together do not sum to zero."""
    cash, house = await read_balances()
    found = []
    for currency, held in cash.items():
        against = sum((row["balance"] for row in house if row["currency"] == currency), start=ZERO)
        if held + against != ZERO:
            found.append(f"{currency}: accounts hold {plain(held)}, house accounts {plain(against)}")
    return found
