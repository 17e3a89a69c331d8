"""The end of a market day: its closing prices, and the corporate actions that take effect with the next day.

Once per day, in one transaction, before any account is rolled. So every account is settled at the same prices, in any
process and however late, and a killed run continues from stored data. No price is later than the day's end: the newest
quote if it is older, else the close of the last minute before, else the close of the day before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
import structlog

from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.day_roll import DayRoll
from domain.kernel.numbers import plain
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market import action_store, day_queries, day_store, instrument_store
from domain.market.actions import CorporateAction, CorporateActionKind, in_order, restated_price, restated_quote
from domain.market.costs import to_average
from domain.market.day_queries import LastBar
from domain.market.market import TOPIC, Market
from domain.market.sessions import rolling_day
from domain.market.splits import after_split
from domain.market.types import Instrument, Quote, RestatedQuote
from domain.risk.store import TOPIC as RISK_RULES
from domain.risk.store import rename_symbol
from domain.settlement.types import MarketDay

_NUMBERS = tuple(item.name for item in fields(RestatedQuote) if item.name not in ("symbol", "at"))
_log = structlog.stdlib.get_logger("settlement")


async def close_market(bus: Bus, market: Market, day_roll: DayRoll, moment: datetime) -> MarketDay:
    """The market day that ended at ``moment``; closes it if it was not closed.

    Raises:
        Unavailable: the database cannot be reached, or the stream to which restated quotes are published.
    """
    day = rolling_day(day_roll, Nanos(Nanos.of(moment) - 1)).day
    following = rolling_day(day_roll, Nanos.of(moment)).day
    catalog = await market.refresh()
    async with unit_of_work(bus) as work:
        if await day_store.begin_day(work, moment, day):
            quotes = {instrument_id: market.quote(row.symbol) for instrument_id, row in catalog.by_id.items()}
            bars, before = await day_queries.load_last_bars(work, moment), await _load_before(work, moment)
            closes = closing_prices(quotes, bars, before, moment)
            due = in_order(await action_store.load_due_actions(work, following))
            taken = await _take(work, due, moment)
            await day_queries.insert_closes(
                work, day, [(owner, price, _after(price, taken, owner)) for owner, price in closes.items()]
            )
            restated = _restated(taken, catalog.by_id, quotes, moment)
            if restated:
                await day_store.store_restated(work, moment, encode_restated(restated))
    await market.refresh()
    await _publish(bus, market, moment)
    prices = {owner: ex_price for owner, _, ex_price in await day_queries.read_closes(day)}
    actions = in_order(await action_store.read_actions_of_roll(moment))
    return MarketDay(day, following, moment, prices, tuple(actions))


@dataclass(frozen=True, slots=True)
class DayBefore:
    """The closes of the day before, restated by its corporate actions; ``moment`` is its end."""

    moment: datetime
    prices: Mapping[UUID, Decimal]


def closing_prices(
    quotes: Mapping[UUID, Quote | None], bars: Mapping[UUID, LastBar], before: DayBefore | None, moment: datetime
) -> dict[UUID, Decimal]:
    """Prices of instruments at ``moment``, none later; instruments without a known price are left out.

    A day without a price of its own takes that of the day before, restated by corporate actions.
    """
    begin, end = Nanos.of(before.moment) if before is not None else Nanos(0), Nanos.of(moment)
    known = {} if before is None else before.prices
    prices = {owner: bar.close for owner, bar in bars.items() if owner not in known or Nanos.of(bar.at) >= begin}
    for owner, quote in quotes.items():
        if quote is None or quote.at >= end or quote.mark is None or (owner in known and quote.at < begin):
            continue
        bar = bars.get(owner)
        if bar is None or quote.at >= Nanos.of(bar.at):
            prices[owner] = quote.mark
    return {**known, **prices}


async def _load_before(work: UnitOfWork, moment: datetime) -> DayBefore | None:
    rows = await day_queries.load_closes_before(work, moment)
    return DayBefore(rows[0][0], {owner: price for _, owner, price in rows}) if rows else None


def _after(price: Decimal, actions: Iterable[CorporateAction], instrument_id: UUID) -> Decimal:
    concerned = [action for action in actions if action.instrument_id == instrument_id]
    for action in concerned:
        price = restated_price(price, action)
    return to_average(price) if concerned else price


async def _take(work: UnitOfWork, due: Iterable[CorporateAction], moment: datetime) -> list[CorporateAction]:
    """Let actions take effect in the market, where possible. A symbol that is taken keeps its action waiting."""
    taken = []
    for action in due:
        if action.kind is CorporateActionKind.SYMBOL_CHANGE:
            assert action.new_symbol is not None
            if not await instrument_store.rename_instrument(work, action.instrument_id, action.new_symbol):
                _log.error(
                    "symbol change waits: the new symbol is in use", symbol=action.symbol, new_symbol=action.new_symbol
                )
                continue
            if await rename_symbol(work, action.symbol, action.new_symbol):
                await bump(work, RISK_RULES)
        elif action.kind is CorporateActionKind.SPLIT:
            await _scale_terms(work, action)
        elif action.kind is CorporateActionKind.DELISTING:
            await instrument_store.stop_trading(work, action.instrument_id)
        taken.append(action)
    if taken:
        await action_store.mark_effective(work, [action.id for action in taken], moment)
        await bump(work, TOPIC)
    return taken


async def _scale_terms(work: UnitOfWork, action: CorporateAction) -> None:
    """Scale the terms of an instrument to its new units."""
    before = await instrument_store.lock_by_id(work, action.instrument_id)
    await instrument_store.update_instrument(work, after_split(before, action.factor))


def _restated(
    actions: Iterable[CorporateAction],
    instruments: Mapping[UUID, Instrument],
    quotes: Mapping[UUID, Quote | None],
    moment: datetime,
) -> list[RestatedQuote]:
    """The quotes of the day before, restated by actions."""
    by_instrument: dict[UUID, list[CorporateAction]] = {}
    for action in actions:
        by_instrument.setdefault(action.instrument_id, []).append(action)
    found = []
    for owner, concerned in by_instrument.items():
        quote = quotes.get(owner)
        if owner in instruments and quote is not None and quote.at < Nanos.of(moment):
            after = restated_quote(quote, concerned)
            if after != quote:
                found.append(RestatedQuote(after.symbol, after.at, *(getattr(after, name) for name in _NUMBERS)))
    return found


async def _publish(bus: Bus, market: Market, moment: datetime) -> None:
    """Publish restated quotes, at least once: each is a whole quote, so a repeat changes nothing."""
    stored = await day_store.read_day(moment)
    if stored is None or stored.restated is None:
        return
    await market.refresh()
    await market.reached(await market.ticks.publish(decode_restated(stored.restated)))
    async with unit_of_work(bus) as work:
        await day_store.mark_published(work, moment)


def encode_restated(ticks: Iterable[RestatedQuote]) -> str:
    """Restated quotes as text, exactly."""
    rows = []
    for tick in ticks:
        values = (getattr(tick, name) for name in _NUMBERS)
        rows.append([tick.symbol, int(tick.at), *(None if value is None else plain(value) for value in values)])
    return orjson.dumps(rows).decode()


def decode_restated(text: str) -> list[RestatedQuote]:
    """The quotes of a text of ``encode_restated``."""
    return [
        RestatedQuote(symbol, Nanos(at), *(None if value is None else Decimal(value) for value in numbers))
        for symbol, at, *numbers in orjson.loads(text)
    ]
