"""Cases that move or feign a market: layering, wash trades, ramps, auctions, linked symbols, and running ahead."""

from datetime import datetime

from domain.orders.model.types import Side
from tests.anomalies.market.cases import Case, case
from tests.anomalies.market.second.orders import one_of, side_of, start, uniform, usual, whole
from tests.anomalies.market.second.tape import BY_NAME, HOUR, Tape, Trader, later


def _group(tape: Tape, traders: list[Trader], size: int) -> list[Trader]:
    """Some accounts of one owner, in any order; as many as there are where no owner has so many."""
    owners: dict[str, list[Trader]] = {}
    for trader in traders:
        owners.setdefault(trader.owner, []).append(trader)
    most = min(size, max(len(group) for group in owners.values()))
    groups = [group for group in owners.values() if len(group) >= most]
    group = groups[int(tape.random.integers(len(groups)))]
    return [group[index] for index in tape.random.permutation(len(group))[:most]]


def wash(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """An owner on both sides: one to three accounts and parts, ticks and seconds apart, small or in blocks."""
    random = tape.random
    accounts, blocks = whole(tape, 1, 3), random.random() < 0.25
    group = _group(tape, traders, accounts) if accounts > 1 else [one_of(tape, traders, "sleeper")]
    rounds, gap = (
        (whole(tape, 2, 4), uniform(tape, 60, 1_500)) if blocks else (whole(tape, 4, 10), uniform(tape, 10, 600))
    )
    times, apart, slow = (
        (uniform(tape, 8, 40) if blocks else uniform(tape, 0.3, 5)),
        whole(tape, 0, 3),
        uniform(tape, 0.05, 30),
    )
    if len(group) == 1:
        # Who trades with itself in one account does it at one price and at once.
        apart, slow = 0, uniform(tape, 0.01, 1)
    symbol, at = start(tape, group[0], day, rounds * gap)
    one = BY_NAME[symbol]
    parts_at_most = 3 if random.random() < 0.6 else 1
    for index in range(rounds):
        moment, side = later(at, gap * index * float(random.uniform(0.9, 1.1))), side_of(tape)
        size = max(usual(tape, group[0], symbol, moment, times * float(random.uniform(0.7, 1.4))), 4 * one.lot)
        price = tape.ticks(symbol, tape.middle(symbol, moment))
        first = tape.place(group[0], symbol, side, size, price, moment)
        tape.fill(group[0], first, later(moment, slow * float(random.random())), price, taker=False)
        left, number = size, whole(tape, 1, parts_at_most)
        for place in range(number):
            part = left if place == number - 1 else tape.lots(symbol, left * float(random.uniform(0.25, 0.6)))
            left = round(left - part, 8)
            other = group[1 + place % (len(group) - 1)] if len(group) > 1 else group[0]
            paid = price + whole(tape, -apart, apart) * one.tick
            order = tape.place(other, symbol, side.opposite, part, paid, later(moment, 0.01 + 0.01 * place))
            tape.fill(other, order, later(moment, 0.02 + slow * float(random.random())), paid)
            if left <= 0:
                break
    name = f"wash: {len(group)} account(s), {'blocks' if blocks else 'usual sizes'}, at most {parts_at_most} part(s)"
    return case(name, at, rounds * gap * 1.1 + slow, *(one.id for one in group))


def layering(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A stack against a trade, and gone: cancelled or reduced, at once or over minutes, here or in a twin."""
    random = tape.random
    twin = random.random() < 0.35
    stacker, trader = _group(tape, traders, 2) if twin else [one_of(tape, traders, "sleeper")] * 2
    levels, rounds, holds = whole(tape, 1, 8), whole(tape, 2, 6), uniform(tape, 1, 240)
    how = ("cancel", "reduce", "steps")[whole(tape, 0, 2)]
    pause = uniform(tape, 30, 600)
    symbol, at = start(tape, stacker, day, rounds * (holds + pause + 30))
    side, moment = side_of(tape), at
    for _ in range(rounds):
        one, market = BY_NAME[symbol], tape.middle(symbol, moment)
        whole_size = usual(tape, stacker, symbol, moment, uniform(tape, 10, 60))
        stack = [
            tape.place(
                stacker, symbol, side, tape.lots(symbol, whole_size / levels),
                market - side.sign * (one.spread / 2 + 1 + level) * one.tick, later(moment, 0.3 * level),
            )
            for level in range(levels)
        ]  # fmt: skip
        taken = later(moment, 3 + float(random.uniform(0, 15)))
        size = usual(tape, trader, symbol, taken, uniform(tape, 0.5, 2))
        price = market + side.sign * one.spread / 2 * one.tick
        order = tape.place(trader, symbol, side.opposite, size, price, later(taken, -1))
        tape.fill(trader, order, taken, price, taker=random.random() < 0.3)
        for level, order in enumerate(stack):
            gone = later(taken, 1 + holds * (level + 1) / levels)
            left = float(order.quantity)
            if how == "steps":
                for part in (0.6, 0.25):
                    tape.amend(stacker, order, tape.lots(symbol, left * part), float(order.price or 0), gone)
                    gone = later(gone, 5)
            if how == "reduce" and left > 10 * one.lot:
                tape.amend(stacker, order, tape.lots(symbol, left * 0.03), float(order.price or 0), gone)
                gone = later(gone, 1_200)
            tape.cancel(stacker, order, gone)
        moment = later(moment, holds + pause + 20)
    name = f"layering: {how}{', twin' if twin else ''}"
    return case(name, at, (moment - at).total_seconds(), stacker.id, trader.id)


def _push(
    tape: Tape, trader: Trader, symbol: str, side: Side, at: datetime, number: int, pause: float, total: float,
    times: float = 1.0, back: float = 0.0,
) -> tuple[datetime, float]:  # fmt: skip
    """Taking orders that carry a price along; the last time and price."""
    price, moment = tape.middle(symbol, at), at
    for index in range(number):
        before, price = price, price * (1 + side.sign * total / number * float(tape.random.uniform(0.6, 1.4)))
        limit = price if tape.random.random() < 0.5 else None
        size = usual(tape, trader, symbol, at, times * uniform(tape, 0.6, 1.6))
        order = tape.place(trader, symbol, side, size, limit, moment, reference=before)
        tape.fill(trader, order, later(moment, 0.05), price)
        if back and index % 4 == 2:
            part = usual(tape, trader, symbol, at, times * back)
            other = tape.place(trader, symbol, side.opposite, part, None, later(moment, 0.5), reference=price)
            tape.fill(trader, other, later(moment, 0.6), price * (1 - side.sign * total / number / 3))
        moment = later(moment, pause * float(tape.random.uniform(0.5, 1.5)))
    return moment, price


def _far(tape: Tape, symbol: str, seconds: float, low: float, high: float) -> float:
    """So many usual moves of the symbol for this time."""
    one = BY_NAME[symbol]
    part: float = (max(seconds, 60) / (one.closes - one.opens)) ** 0.5
    return one.volatility * part * float(tape.random.uniform(low, high))


def ramp(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A price carried far: quickly, with pauses, or with a little traded the other way."""
    trader = one_of(tape, traders)
    number, pause = whole(tape, 6, 25), uniform(tape, 1, 300)
    symbol, at = start(tape, trader, day, 1.6 * number * pause)
    total = min(max(_far(tape, symbol, number * pause, 8, 20), 0.006), 0.12)
    back = float(tape.random.choice((0.0, 0.0, 0.1, 0.3)))
    ends, _ = _push(tape, trader, symbol, side_of(tape), at, number, pause, total, back=back)
    return case(f"ramp: {trader.style}", at, (ends - at).total_seconds(), trader.id)


def ignition(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A burst that others follow, and out into it."""
    trader, side = one_of(tape, traders, "sleeper"), side_of(tape)
    number, pause, rests = whole(tape, 5, 14), uniform(tape, 0.3, 6), uniform(tape, 10, 500)
    symbol, at = start(tape, trader, day, 900)
    total = min(max(_far(tape, symbol, number * pause, 10, 25), 0.006), 0.06)
    before = trader.held.get(symbol, 0.0)
    ends, price = _push(tape, trader, symbol, side, at, number, pause, total, times=uniform(tape, 0.8, 3))
    taken, parts = abs(trader.held.get(symbol, 0.0) - before), whole(tape, 1, 5)
    for part in range(parts):
        moment = later(ends, rests + 8 * part)
        size = tape.lots(symbol, taken / parts)
        order = tape.place(trader, symbol, side.opposite, size, None, moment, reference=price)
        tape.fill(trader, order, later(moment, 0.1), price * (1 - side.sign * 0.0003 * part))
    return case(f"ignition: {trader.style}", at, number * pause * 1.5 + rests + 40, trader.id)


def _closing(tape: Tape, traders: list[Trader], *without: str) -> tuple[Trader, str] | None:
    """A trader and one of its symbols that has a session."""
    fitting = [
        (trader, symbol) for trader in traders if trader.style not in without for symbol in trader.symbols
        if not BY_NAME[symbol].is_always_open
    ]  # fmt: skip
    return fitting[int(tape.random.integers(len(fitting)))] if fitting else None


def marking(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """The last prices of a session, made by one."""
    trader, symbol = _closing(tape, traders, "sleeper") or (traders[0], "NOVA")
    number, lasts = whole(tape, 3, 10), uniform(tape, 20, 280)
    at = later(day, BY_NAME[symbol].closes - lasts - float(tape.random.uniform(0.5, 30)))
    total = max(_far(tape, symbol, lasts, 8, 20), 0.005)
    ends, _ = _push(tape, trader, symbol, side_of(tape), at, number, lasts / number / 1.5, total)
    return case(f"marking the close: {trader.style}", at, (ends - at).total_seconds(), trader.id)


def auction(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Large orders before an auction that are gone before it."""
    random = tape.random
    trader, symbol = _closing(tape, traders, "sleeper", "maker") or (traders[0], "NOVA")
    one, number = BY_NAME[symbol], whole(tape, 1, 6)
    opens = random.random() < 0.4
    gone = later(day, one.opens - uniform(tape, 5, 300) if opens else one.closes - uniform(tape, 3, 60))
    at = later(gone, -uniform(tape, 40, 420))
    side, market = side_of(tape), tape.middle(symbol, at)
    total = usual(tape, trader, symbol, at, uniform(tape, 12, 60))
    for index in range(number):
        price = market * (1 - side.sign * float(random.uniform(0, 0.004)))
        order = tape.place(trader, symbol, side, tape.lots(symbol, total / number), price, later(at, index))
        moment = later(gone, -float(random.uniform(0, 10)))
        if random.random() < 0.3:
            tape.amend(trader, order, tape.lots(symbol, float(order.quantity) * 0.05), price, moment)
        else:
            tape.cancel(trader, order, moment)
    return case(f"auction: {'opening' if opens else 'closing'}", at, (gone - at).total_seconds(), trader.id)


def linked_markets(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """A position in the perpetual, a push of the spot or the other way round; the position maybe in a twin."""
    random, side = tape.random, side_of(tape)
    pusher, holder = _group(tape, traders, 2) if random.random() < 0.3 else [one_of(tape, traders)] * 2
    held, pushed = ("BTC-PERP", "BTC-USD") if random.random() < 0.7 else ("BTC-USD", "BTC-PERP")
    number, pause = whole(tape, 5, 14), uniform(tape, 2, 40)
    at = later(day, random.uniform(8 * HOUR, 19 * HOUR))
    total = min(max(_far(tape, pushed, number * pause, 8, 20), 0.004), 0.06)
    wanted = uniform(tape, 3, 10) * max(pusher.size, holder.size)
    size = tape.lots(held, wanted / tape.middle(held, at))
    taken = tape.take(holder, held, side, size, at)
    ends, price = _push(tape, pusher, pushed, side, later(at, 20), number, pause, total, times=0.5)
    lifted = float(taken.price) * price / tape.middle(pushed, at)
    out = tape.place(holder, held, side.opposite, size, None, later(ends, 10), reference=lifted)
    tape.fill(holder, out, later(ends, 10.2), lifted)
    return case("linked markets", at, (ends - at).total_seconds() + 20, pusher.id, holder.id)


def ahead(tape: Tape, traders: list[Trader], day: datetime) -> Case:
    """Before a client's large orders another account takes the same side, and sells to it."""
    random = tape.random
    client = one_of(tape, traders, "sleeper", "maker", "scalper", "arbitrageur")
    others = [one for one in traders if one.owner != client.owner and one.style not in ("maker", "basket")]
    runner = others[int(random.integers(len(others)))]
    number, gap = whole(tape, 5, 9), uniform(tape, 360, 1_500)
    symbol, at = start(tape, client, day, number * gap)
    for index in range(number):
        moment, side = later(at, gap * index), side_of(tape)
        lead = uniform(tape, 1, 40)
        size = usual(tape, runner, symbol, moment, uniform(tape, 0.4, 2))
        tape.take(runner, symbol, side, size, moment)
        big = later(moment, lead)
        order = tape.place(client, symbol, side, usual(tape, client, symbol, moment, uniform(tape, 3, 10)), None, big)
        moved = tape.touch(symbol, side, big) * (1 + side.sign * 0.0008)
        tape.fill(client, order, later(big, 0.5), moved)
        out = tape.place(runner, symbol, side.opposite, size, None, later(big, 8), reference=moved)
        tape.fill(runner, out, later(big, 8.1), moved)
    return case(f"ahead of a client: {client.style}", at, number * gap, runner.id, client.id)
