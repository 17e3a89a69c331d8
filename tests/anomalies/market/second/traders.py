"""Twenty traders of eight styles and what they do on their days."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.anomalies.facts import MarketChecked, Quoted, Sampled
from domain.orders.model.types import Side
from tests.anomalies.market.second.tape import BEGINS, BY_NAME, HOUR, LISTED, Tape, Trader, exact, later

STYLES = (
    "maker", "maker", "maker", "scalper", "scalper", "scalper", "scalper", "holder", "holder", "holder", "basket",
    "basket", "slicer", "slicer", "news", "news", "news", "arbitrageur", "arbitrageur", "sleeper",
)  # fmt: skip
# Usual notional of an order, and actions a day.
HABITS = {
    "maker": (8_000, 140), "scalper": (15_000, 22), "holder": (120_000, 0.9), "basket": (20_000, 18),
    "slicer": (9_000, 60), "news": (25_000, 9), "arbitrageur": (12_000, 10), "sleeper": (5_000, 0.05),
}  # fmt: skip


def traders_of(tape: Tape) -> list[Trader]:
    """Twenty of them; a third of the owners has two or three accounts, of any styles."""
    random = tape.random
    names = [one.name for one in LISTED]
    owners: list[str] = []
    while len(owners) < len(STYLES):
        owners += [f"p{len(owners)}"] * (1 if random.random() < 0.65 else int(random.integers(2, 4)))
    order = random.permutation(len(STYLES))
    made: list[Trader] = []
    for index, style in enumerate(STYLES):
        size, pace = HABITS[style]
        number = {"basket": 4, "holder": 2, "news": 3, "slicer": 1}.get(style, 1 + int(random.random() < 0.5))
        chosen = tuple(str(name) for name in random.choice(names, number, replace=False))
        if style == "arbitrageur":
            chosen = ("BTC-USD", "BTC-PERP")
        if style == "basket":
            chosen = tuple(name for name in ("NOVA", "TERN", "EURUSD") if random.random() < 0.8) or ("NOVA",)
        made.append(
            Trader(
                f"t{index}", owners[order[index]], style, chosen, size * float(random.lognormal(0, 0.7)),
                float(random.uniform(0.05, 0.6)), pace * float(random.lognormal(0, 0.4)),
                5e5 * float(random.lognormal(0, 1)),
            )
        )  # fmt: skip
    return made


def _symbol(tape: Tape, trader: Trader) -> str:
    return trader.symbols[int(tape.random.integers(len(trader.symbols)))]


def _side(tape: Tape) -> Side:
    return Side.BUY if tape.random.random() < 0.5 else Side.SELL


def maker(tape: Tape, trader: Trader, day: datetime) -> None:
    """Quotes that follow the market by amendments, are filled now and then, and are taken in again."""
    random = tape.random
    for _ in range(int(random.poisson(trader.pace))):
        symbol = _symbol(tape, trader)
        one, at = BY_NAME[symbol], tape.instant(day, symbol, 300)
        ends = later(at, 3 + float(random.exponential(40)))
        for side in (Side.BUY, Side.SELL):
            for level in range(1 + int(random.random() < 0.25) + int(random.random() < 0.1)):
                away = (one.spread / 2 + 1 + 3 * level) * one.tick
                price = tape.middle(symbol, at) - side.sign * away
                order = tape.place(trader, symbol, side, tape.quantity(trader, symbol, at), price, at)
                size = float(order.quantity)
                for step in range(int(random.integers(0, 4))):
                    moment = at + (ends - at) * (step + 1) / 6
                    tape.amend(trader, order, size, tape.middle(symbol, moment) - side.sign * away, moment)
                if level == 0 and random.random() < 0.12:
                    part = size if random.random() < 0.7 else tape.lots(symbol, size / 2)
                    done = part >= size
                    moment = at + (ends - at) * float(random.uniform(0.75, 0.95))
                    tape.fill(
                        trader, order, moment, tape.middle(symbol, moment) - side.sign * away, taker=False,
                        quantity=part, ends=done,
                    )  # fmt: skip
                    if done:
                        continue
                tape.cancel(trader, order, later(ends, random.uniform(0, 0.05)))
    for symbol in trader.symbols:
        held, at = trader.held.get(symbol, 0.0), later(day, BY_NAME[symbol].closes - 240)
        if abs(held) * tape.middle(symbol, at) > 6 * trader.size:
            out = Side.SELL if held > 0 else Side.BUY
            tape.take(trader, symbol, out, tape.lots(symbol, abs(held) / 2), at)


def scalper(tape: Tape, trader: Trader, day: datetime) -> None:
    """In by a market or a limit order, out at a target or at a stop, sometimes in two parts."""
    random = tape.random
    if random.random() < 0.1:
        return
    for _ in range(int(random.poisson(trader.pace))):
        symbol, side = _symbol(tape, trader), _side(tape)
        at = tape.instant(day, symbol, 2_400)
        size = tape.quantity(trader, symbol, at)
        if random.random() < 0.35:
            order = tape.place(trader, symbol, side, size, tape.middle(symbol, at) * (1 - side.sign * 0.0006), at)
            tape.cancel(trader, order, later(at, 2 + float(random.exponential(60))))
            continue
        tape.take(trader, symbol, side, size, at, limited=random.random() < 0.5)
        out = later(at, 10 + float(random.exponential(300)))
        parts = [size]
        if random.random() < 0.3 and size >= 2 * BY_NAME[symbol].lot:
            first = tape.lots(symbol, size / 2)
            parts = [first, round(size - first, 8)] if size > first else parts
        for part in parts:
            if random.random() < 0.4:
                price = tape.middle(symbol, out) * (1 + side.sign * float(random.uniform(0, 0.0008)))
                order = tape.place(trader, symbol, side.opposite, part, price, later(out, -4))
                tape.fill(trader, order, out, price, taker=False)
            else:
                tape.take(trader, symbol, side.opposite, part, out)
            out = later(out, float(random.uniform(5, 120)))


def holder(tape: Tape, trader: Trader, day: datetime) -> None:
    """Large orders that rest for hours, fill in parts, are amended or given up."""
    random = tape.random
    for _ in range(int(random.poisson(trader.pace))):
        symbol = _symbol(tape, trader)
        at = tape.instant(day, symbol, 4 * HOUR if BY_NAME[symbol].opens < 12 * HOUR else 2 * HOUR)
        held = trader.held.get(symbol, 0.0)
        side = Side.BUY if held <= 0 or random.random() < 0.45 else Side.SELL
        price = tape.middle(symbol, at) * (1 - side.sign * float(random.uniform(0.0005, 0.004)))
        order = tape.place(trader, symbol, side, tape.quantity(trader, symbol, at), price, at)
        size, moment = float(order.quantity), later(at, random.uniform(60, 2_400))
        if random.random() < 0.3:
            tape.amend(trader, order, size, price * (1 + side.sign * 0.0004), moment)
        if random.random() < 0.3:
            tape.cancel(trader, order, later(moment, random.uniform(60, 3_000)))
            continue
        first = tape.lots(symbol, size * float(random.uniform(0.2, 0.7)))
        if first < size:
            tape.fill(trader, order, later(moment, 30), price, taker=False, quantity=first, ends=False)
        rest = size if first >= size else round(size - first, 8)
        tape.fill(trader, order, later(moment, random.uniform(60, 2_000)), price, taker=False, quantity=rest)


def basket(tape: Tape, trader: Trader, day: datetime) -> None:
    """A basket in the last minutes of the American session: every day, on Fridays, or at the end of months."""
    random = tape.random
    rhythm = int(trader.id[1:]) % 3
    ends_month = (day + timedelta(days=3 if day.weekday() == 4 else 1)).month != day.month
    if (rhythm == 1 and day.weekday() != 4) or (rhythm == 2 and not ends_month and day.weekday() not in (1, 3)):
        return
    for _ in range(int(random.poisson(trader.pace * (2.0 if ends_month else 1.0))) + 1):
        symbol, side = _symbol(tape, trader), _side(tape)
        at = later(day, 21 * HOUR - float(random.triangular(5, 200, 1_200)))
        tape.take(trader, symbol, side, tape.quantity(trader, symbol, at), at)


def slicer(tape: Tape, trader: Trader, day: datetime) -> None:
    """A parent order a day, in slices; passive ones that do not fill are taken in and crossed."""
    random = tape.random
    if random.random() < 0.35:
        return
    symbol = trader.symbols[0]
    one, held = BY_NAME[symbol], trader.held.get(symbol, 0.0)
    number = 5 + int(random.poisson(trader.pace))
    begins = one.opens + float(random.uniform(300, 3_600))
    each, side = trader.size, _side(tape)
    market = tape.middle(symbol, later(day, begins))
    if abs(held) * market > 3 * trader.size and random.random() < 0.75:
        side, each = (Side.SELL if held > 0 else Side.BUY), abs(held) * market / number
    step = min((one.closes - 900 - begins) / number, float(random.uniform(60, 600)))
    for index in range(number):
        at = later(day, begins + step * (index + 0.4 * float(random.random())))
        size = tape.lots(symbol, each / market * float(random.lognormal(0, 0.04)))
        if random.random() < 0.5:
            price = tape.touch(symbol, side.opposite, at)
            order = tape.place(trader, symbol, side, size, price, at)
            if random.random() < 0.5:
                tape.fill(trader, order, later(at, step / 3), price, taker=False)
                continue
            tape.cancel(trader, order, later(at, step / 2))
            at = later(at, step / 2 + 0.1)
        tape.take(trader, symbol, side, size, at)


def news(tape: Tape, trader: Trader, day: datetime) -> None:
    """With the news in a burst, out within an hour; on other days little."""
    random = tape.random
    for at, symbol, sign in tape.news:
        if at.date() != day.date() or symbol not in trader.symbols or random.random() < 0.2:
            continue
        side, taken = (Side.BUY if sign > 0 else Side.SELL), 0.0
        for _ in range(2 + int(random.poisson(trader.pace))):
            moment = later(at, 1 + float(random.exponential(90)))
            size = tape.quantity(trader, symbol, moment)
            tape.take(trader, symbol, side, size, moment, limited=random.random() < 0.5)
            taken += size
        parts = int(random.integers(1, 5))
        for part in range(parts):
            moment = later(at, 1_500 + part * float(random.uniform(60, 500)))
            tape.take(trader, symbol, side.opposite, tape.lots(symbol, taken / parts), moment)
    if random.random() < 0.35:
        scalper(tape, Trader(**{**trader.__dict__, "pace": 1.5}), day)


def arbitrageur(tape: Tape, trader: Trader, day: datetime) -> None:
    """Spot against perpetual at once, and back when they meet."""
    random = tape.random
    for _ in range(int(random.poisson(trader.pace))):
        at, side = tape.instant(day, "BTC-USD", 4_000), _side(tape)
        size = tape.quantity(trader, "BTC-USD", at)
        back = later(at, float(random.uniform(120, 3_000)))
        for moment, way in ((at, side), (back, side.opposite)):
            tape.take(trader, "BTC-USD", way, size, moment)
            tape.take(trader, "BTC-PERP", way.opposite, size, later(moment, random.uniform(0.01, 1)))


def sleeper(tape: Tape, trader: Trader, day: datetime) -> None:
    """Hardly ever anything."""
    if tape.random.random() < trader.pace:
        symbol = trader.symbols[0]
        at = tape.instant(day, symbol)
        tape.take(trader, symbol, Side.BUY, tape.quantity(trader, symbol, at), at)


_STYLES: dict[str, Callable[[Tape, Trader, datetime], None]] = {
    "maker": maker, "scalper": scalper, "holder": holder, "basket": basket, "slicer": slicer, "news": news,
    "arbitrageur": arbitrageur, "sleeper": sleeper,
}  # fmt: skip


def money(tape: Tape, trader: Trader) -> None:
    """What an account begins with; then a saver's monthly sum, a spender's weekly one, or now and then."""
    random = tape.random
    tape.move(trader, trader.cash, BEGINS + timedelta(hours=float(random.uniform(0, 1))))
    way, usual = int(random.integers(3)), trader.cash * float(random.uniform(0.005, 0.04))
    for day in tape.days:
        at = later(day, float(random.uniform(6, 22)) * HOUR)
        if way == 0 and day.day in (1, 15, 28):
            tape.move(trader, usual * float(random.lognormal(0, 0.05)), at)
        elif way == 1 and day.weekday() == 4:
            tape.move(trader, -usual * float(random.lognormal(0, 0.3)), at)
        elif way == 2 and random.random() < 0.08:
            tape.move(trader, usual * float(random.lognormal(0, 0.8)) * (1 if random.random() < 0.5 else -1), at)


def feeds(tape: Tape) -> None:
    """Prices of a regular and of an irregular feed, checks of the market, and samples of three components."""
    random = tape.random
    for symbol, pause, wide in (("NOVA", 2.0, 0.3), ("TERN", 5.0, 4.0)):
        one = BY_NAME[symbol]
        for day in tape.days:
            at, closes = later(day, one.opens), later(day, one.closes)
            while at < closes:
                noise = int(random.integers(-1, 2)) * one.tick
                tape.facts.append(Quoted(symbol, at, exact(tape.ticks(symbol, tape.middle(symbol, at) + noise))))
                at = later(at, max(pause + float(random.normal(0, wide)), 0.2))
            tape.facts.extend(
                MarketChecked(symbol, one.opens <= second < one.closes, later(day, second))
                for second in range(one.opens - 1_800, one.closes + 1_800, 30)
            )
    for component, measure in (("web", "latencyMs"), ("database", "latencyMs"), ("queue", "depth")):
        level = float(random.uniform(3, 60))
        for minute in range(0, tape.weeks * 7 * 24 * 60, 5):
            at = later(BEGINS, 60 * minute + float(random.uniform(0, 20)))
            hour = minute / 60 % 24
            busy = 1 + (0.6 if at.weekday() < 5 else 0.15) * max(0.0, 1 - abs(hour - 15) / 6)
            tape.facts.append(Sampled(component, measure, level * busy * float(random.gamma(40, 1 / 40)), at))


def live(tape: Tape, traders: list[Trader]) -> None:
    """All days of all of them."""
    for trader in traders:
        money(tape, trader)
        for day in tape.days:
            _STYLES[trader.style](tape, trader, day)
    feeds(tape)
