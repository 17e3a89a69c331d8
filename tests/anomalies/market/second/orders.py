"""Cases of single accounts: sizes, prices, messages, money, losses, and what the platform itself does wrong."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from domain.anomalies.facts import Quoted, Sampled
from domain.orders.model.types import Side
from tests.anomalies.market.cases import Case, case
from tests.anomalies.market.second.tape import BY_NAME, HOUR, Tape, Trader, later


def uniform(tape: Tape, low: float, high: float) -> float:
    """A number between two, evenly on a logarithmic scale."""
    return float(np.exp(tape.random.uniform(np.log(low), np.log(high))))


def whole(tape: Tape, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return int(tape.random.integers(low, high + 1))


def side_of(tape: Tape) -> Side:
    """Either side."""
    return Side.BUY if tape.random.random() < 0.5 else Side.SELL


def one_of(tape: Tape, traders: list[Trader], *without: str) -> Trader:
    """A trader of any style but these."""
    fitting = [one for one in traders if one.style not in without]
    return fitting[int(tape.random.integers(len(fitting)))]


def usual(tape: Tape, trader: Trader, symbol: str, at: datetime, times: float = 1.0) -> float:
    """So many times the quantity that is usual for a trader."""
    return tape.lots(symbol, trader.size * times / tape.middle(symbol, at))


def start(tape: Tape, trader: Trader, day: datetime, lasts: float) -> tuple[str, datetime]:
    """One of a trader's symbols, and a time in its session that leaves so many seconds."""
    symbol = trader.symbols[int(tape.random.integers(len(trader.symbols)))]
    one = BY_NAME[symbol]
    begins, ends = (8 * HOUR, 20 * HOUR) if one.is_always_open else (one.opens + 600, one.closes)
    return symbol, later(day, tape.random.uniform(begins, max(begins + 1, ends - lasts - 900)))


def huge_order(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """One order far beyond all that the account ever placed: filled, cancelled or left."""
    trader = one_of(tape, traders)
    symbol, at = start(tape, trader, day, 0)
    side, times = side_of(tape), uniform(tape, 40, 250)
    size = usual(tape, trader, symbol, at, times)
    if tape.random.random() < 0.3:
        tape.take(trader, symbol, side, size, at)
    else:
        price = tape.middle(symbol, at) * (1 - side.sign * float(tape.random.uniform(0, 0.01)))
        order = tape.place(trader, symbol, side, size, price, at)
        tape.cancel(trader, order, later(at, uniform(tape, 5, 5_000)))
    return case(f"huge order: {trader.style}", at, 0, trader.id)


def fat_finger(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A limit far through the market, by a moved comma or the wrong symbol's price."""
    trader = one_of(tape, traders)
    symbol, at = start(tape, trader, day, 0)
    side, away = side_of(tape), uniform(tape, 0.03, 0.8)
    price = tape.middle(symbol, at) * (1 + side.sign * away)
    order = tape.place(trader, symbol, side, usual(tape, trader, symbol, at), price, at)
    tape.fill(trader, order, later(at, 0.1), tape.touch(symbol, side, at))
    return case("fat finger", at, 0, trader.id)


def runaway(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A machine that sends and sends."""
    trader = one_of(tape, traders, "maker")
    lasts, number = uniform(tape, 8, 500), whole(tape, 70, 350)
    symbol, at = start(tape, trader, day, lasts)
    fills, side = tape.random.random() < 0.4, side_of(tape)
    for index in range(number):
        moment = later(at, lasts * index / number)
        size = usual(tape, trader, symbol, at, 0.3)
        if fills:
            side = side.opposite
            tape.take(trader, symbol, side, size, moment)
        else:
            order = tape.place(trader, symbol, side, size, tape.middle(symbol, at) * (1 - side.sign * 0.003), moment)
            tape.cancel(trader, order, later(at, lasts + 600))
    return case(f"runaway orders: {trader.style}", at, lasts + 600, trader.id)


def amending(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A few orders changed some thousand times."""
    trader = one_of(tape, traders)
    lasts, number = uniform(tape, 8, 150), whole(tape, 500, 2_500)
    symbol, at = start(tape, trader, day, lasts)
    side, market = side_of(tape), tape.middle(symbol, at)
    size = usual(tape, trader, symbol, at)
    orders = [
        tape.place(trader, symbol, side, size, market * (1 - side.sign * 0.001 * (1 + index)), at)
        for index in range(whole(tape, 1, 3))
    ]
    for index in range(number):
        order = orders[index % len(orders)]
        price = market * (1 - side.sign * (0.001 + 0.0001 * (index % 9)))
        tape.amend(trader, order, size, price, later(at, 0.1 + lasts * index / number))
    for order in orders:
        tape.cancel(trader, order, later(at, lasts + 1))
    return case(f"amendments: {trader.style}", at, lasts, trader.id)


def stuffing(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Orders that live for milliseconds."""
    trader = one_of(tape, traders, "sleeper")
    lasts, number = uniform(tape, 10, 180), whole(tape, 350, 1_400)
    symbol, at = start(tape, trader, day, lasts)
    for index in range(number):
        moment, side = later(at, lasts * index / number), side_of(tape)
        price = tape.middle(symbol, moment) * (1 - side.sign * float(tape.random.uniform(0.0005, 0.01)))
        order = tape.place(trader, symbol, side, usual(tape, trader, symbol, at, 0.5), price, moment)
        tape.cancel(trader, order, later(moment, uniform(tape, 0.003, 0.8)))
    return case(f"stuffing: {trader.style}", at, lasts, trader.id)


def fleeting(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Somebody who usually trades places orders and takes nearly all of them in."""
    trader = one_of(tape, traders, "maker", "sleeper", "holder")
    number, gap = whole(tape, 60, 120), uniform(tape, 4, 60)
    symbol, at = start(tape, trader, day, number * gap)
    for index in range(number):
        moment, side = later(at, gap * index), side_of(tape)
        price = tape.middle(symbol, moment) * (1 - side.sign * 0.001)
        order = tape.place(trader, symbol, side, usual(tape, trader, symbol, moment), price, moment)
        tape.cancel(trader, order, later(moment, uniform(tape, 0.5, gap)))
    return case(f"fleeting orders: {trader.style}", at, number * gap, trader.id)


def structuring(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Money in or out in parts just below what is reported."""
    trader = one_of(tape, traders)
    number, top = whole(tape, 6, 28), float(tape.random.choice((1_000, 2_000, 5_000, 10_000, 50_000)))
    lasts = uniform(tape, 600, 9 * HOUR)
    at = later(day, tape.random.uniform(6 * HOUR, 23 * HOUR - lasts))
    way = -1 if tape.random.random() < 0.75 else 1
    if way < 0 and trader.cash < 1.5 * number * top:
        top, number = 1_000.0, min(number, max(6, int(trader.cash / 1_500)))
    for index in range(number):
        tape.move(trader, way * top * float(tape.random.uniform(0.93, 0.998)), later(at, lasts * index / number))
    return case(f"structuring: {number} of {top:g}", at, lasts, trader.id)


def emptied(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """All money leaves, at once or in two or three parts."""
    trader = one_of(tape, traders)
    at, parts = later(day, tape.random.uniform(6 * HOUR, 21 * HOUR)), whole(tape, 1, 3)
    whole_amount = trader.cash * float(tape.random.uniform(0.94, 1.0))
    for index in range(parts):
        tape.move(trader, -whole_amount / parts, later(at, 300 * index))
    return case(f"emptied in {parts}", at, 300 * parts, trader.id)


def passing(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Far more than ever comes, and leaves again within hours."""
    trader = one_of(tape, traders)
    at = later(day, tape.random.uniform(6 * HOUR, 18 * HOUR))
    amount, rests = trader.cash * uniform(tape, 8, 80), uniform(tape, 600, 3 * HOUR)
    tape.move(trader, amount, at)
    tape.move(trader, -amount * float(tape.random.uniform(0.9, 1)), later(at, rests))
    return case("money passes through", at, rests, trader.id)


def _round_trip(tape: Tape, trader: Trader, symbol: str, at: datetime, holds: float, size: float, loses: float) -> None:
    side = side_of(tape)
    opened = tape.take(trader, symbol, side, size, at)
    out = tape.place(trader, symbol, side.opposite, size, None, later(at, holds))
    tape.fill(trader, out, later(at, holds + 0.1), float(opened.price) * (1 - side.sign * loses))


def doubling(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """After each loss about twice the size."""
    trader = one_of(tape, traders, "maker", "slicer", "basket", "holder", "arbitrageur")
    number, gap = whole(tape, 5, 9), uniform(tape, 60, 900)
    symbol, at = start(tape, trader, day, number * gap)
    # Positions of before are closed: a trade begins and ends flat.
    _flat(tape, trader, symbol, later(at, -30))
    lot, times = BY_NAME[symbol].lot, uniform(tape, 0.3, 1)
    size = max(usual(tape, trader, symbol, at, times), 2 * lot)
    for index in range(number):
        loses = float(tape.random.uniform(0.001, 0.004))
        _round_trip(tape, trader, symbol, later(at, gap * index), gap * 0.6, size, loses)
        size = tape.lots(symbol, size * float(tape.random.uniform(1.75, 2.25)))
    return case(f"doubling: {trader.style}", at, number * gap, trader.id)


def _flat(tape: Tape, trader: Trader, symbol: str, at: datetime) -> None:
    held = trader.held.get(symbol, 0.0)
    if held:
        tape.take(trader, symbol, Side.SELL if held > 0 else Side.BUY, abs(held), at)


def streak(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Loss after loss."""
    trader = one_of(tape, traders, "maker", "slicer", "basket", "holder", "sleeper", "arbitrageur")
    number, gap = whole(tape, 22, 45), uniform(tape, 40, 300)
    symbol, at = start(tape, trader, day, number * gap)
    _flat(tape, trader, symbol, later(at, -30))
    for index in range(number):
        size = usual(tape, trader, symbol, at, uniform(tape, 0.6, 1.6))
        _round_trip(tape, trader, symbol, later(at, gap * index), gap * 0.5, size, uniform(tape, 0.0008, 0.004))
    return case(f"losing streak: {trader.style}", at, number * gap, trader.id)


def drift(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A measure that grows over a day."""
    component, measure = (("web", "latencyMs"), ("database", "latencyMs"), ("queue", "depth"))[whole(tape, 0, 2)]
    factor, lasts = uniform(tape, 1.7, 3.5), float(tape.random.uniform(12, 24)) * HOUR
    for index, fact in enumerate(tape.facts):
        if isinstance(fact, Sampled) and fact.component == component:
            part = (fact.at - day).total_seconds() / lasts
            if 0 <= part < 1:
                tape.facts[index] = replace(fact, value=fact.value * (1 + (factor - 1) * part))
    return case("drift", day, lasts + 6 * HOUR, f"{component}.{measure}")


def spike(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A measure many times as high for some samples."""
    component, measure = (("web", "latencyMs"), ("database", "latencyMs"), ("queue", "depth"))[whole(tape, 0, 2)]
    factor, number = uniform(tape, 4, 20), whole(tape, 3, 20)
    at = later(day, tape.random.uniform(2 * HOUR, 20 * HOUR))
    for index, fact in enumerate(tape.facts):
        if isinstance(fact, Sampled) and fact.component == component and at <= fact.at < later(at, 300 * number):
            tape.facts[index] = replace(fact, value=fact.value * factor)
    return case("spike", at, 300 * number, f"{component}.{measure}")


def _feed(day: datetime, tape: Tape, lasts: float) -> datetime:
    one = BY_NAME["NOVA"]
    return later(day, tape.random.uniform(one.opens + 600, one.closes - lasts - 600))


def silent(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """No price of a feed of two seconds for a minute or some."""
    lasts = uniform(tape, 60, 400)
    at = _feed(day, tape, lasts)
    tape.facts = [
        fact
        for fact in tape.facts
        if not (isinstance(fact, Quoted) and fact.symbol == "NOVA" and at <= fact.at < later(at, lasts))
    ]
    return case("silent feed", at, lasts, "NOVA")


def frozen(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A feed that repeats a price."""
    lasts, price = uniform(tape, 240, 2_400), None
    at = _feed(day, tape, lasts)
    for index, fact in enumerate(tape.facts):
        if isinstance(fact, Quoted) and fact.symbol == "NOVA" and at <= fact.at < later(at, lasts):
            price = price or fact.price
            tape.facts[index] = replace(fact, price=price)
    return case("frozen feed", at, lasts, "NOVA")
