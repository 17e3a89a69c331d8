"""The day roll: the platform's day ends, and with it what is counted per day.

Each account's day PnL starts again from its equity at that moment, and nothing it holds was bought today any more. An
account is rolled once per day, in its own transaction's lock; running it again, or after a crash half-way, changes only
what had not been rolled. Funding and interest belong to the day that ends. Days on which nobody ran it are covered by
the next run.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.events import DAY_ROLLED, record
from domain.kernel.bus import Bus
from domain.kernel.day_roll import DayRoll
from domain.kernel.numbers import ZERO
from domain.kernel.unit_of_work import unit_of_work
from domain.market.market import Market
from domain.positions import queries
from domain.positions.carry import CarryTerms, post_carry
from domain.positions.events import position_snapshot
from domain.positions.valuation import value_all

BATCH = 100


async def roll_accounts(bus: Bus, market: Market, day_roll: DayRoll, now: datetime) -> int:
    """Roll every account that the last day roll before ``now`` has not reached yet; how many."""
    moment = day_roll.last_before(now)
    rolled = 0
    while ids := await account_queries.read_ids_not_rolled(moment, BATCH):
        rolled += await _roll(bus, market, ids, moment, day_roll.day_before(moment))
    return rolled


async def _roll(bus: Bus, market: Market, ids: Sequence[UUID], moment: datetime, day: date) -> int:
    catalog = await market.refresh()
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, ids)
        due = {account_id: book for account_id, book in books.items() if book.rolled_at < moment}
        positions = await queries.load_positions(work, due, [])
        terms = CarryTerms(catalog.by_id, market.quote, await account_queries.load_loan_rates(work))
        for account_id, book in due.items():
            held = positions[account_id].values()
            post_carry(book, held, terms, day, work.now)
            value = value_all(book, held, catalog.by_id, market.quote)
            book.day_opening_equity, book.day_transfers, book.rolled_at = value.equity, ZERO, moment
            for position in held:
                position.changed = position.today_quantity != ZERO
                position.today_quantity = ZERO
            parts = {"positions": [position_snapshot(position) for position in held]}
            record(book, DAY_ROLLED, work.now, parts)
        await queries.write_positions(work, (row for held in positions.values() for row in held.values()))
        await account_queries.write_books(work, due.values())
    return len(due)
