"""Usual days of accounts of each style."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.orders.model.types import Side
from tests.anomalies.market.world import CLOSES, OPENS, SYMBOLS, Account, World


def accounts_of(world: World) -> list[Account]:
    """Twenty accounts; some owners have two or three."""
    random = world.random
    styles = (
        ["market maker"] * 4 + ["scalper"] * 4 + ["position trader"] * 3 + ["rebalancer"] * 2 + ["twap"] * 2
        + ["news trader"] * 3 + ["swing trader", "dormant"]
    )  # fmt: skip
    sizes = {
        "market maker": 2_000, "scalper": 3_000, "position trader": 50_000, "rebalancer": 8_000, "twap": 5_000,
        "news trader": 6_000, "swing trader": 10_000, "dormant": 1_000,
    }  # fmt: skip
    rates = {
        "market maker": 220, "scalper": 35, "position trader": 1.2, "rebalancer": 25, "twap": 50, "news trader": 12,
        "swing trader": 4, "dormant": 0.1,
    }  # fmt: skip
    names = list(SYMBOLS)
    made: list[Account] = []
    for index, style in enumerate(styles):
        # The second of some pairs has the owner of the first, and the last accounts belong to earlier owners.
        owner = f"owner-{index - 1}" if index in (1, 5, 9, 16) else f"owner-{index}"
        if index == 6:
            owner = "owner-4"
        count = {"rebalancer": 3, "position trader": 2}.get(style, 1 if index % 2 else 2)
        chosen = tuple(str(name) for name in random.choice(names, count, replace=False))
        made.append(
            Account(
                f"account-{index}", owner, style, chosen, sizes[style] * float(random.lognormal(0, 0.4)),
                rates[style] * float(random.lognormal(0, 0.25)), 1e5 * float(random.lognormal(0, 1)),
            )
        )  # fmt: skip
    return made


def market_maker(world: World, account: Account, day: datetime) -> None:
    """Quotes on both sides, taken back after a while; busier at both ends of the session; sometimes fills."""
    random = world.random
    for _ in range(int(random.poisson(account.rate))):
        minute = float(random.beta(0.7, 0.7))
        at = day + timedelta(seconds=(OPENS + minute * (CLOSES - OPENS - 2)) * 60)
        symbol = account.symbols[int(random.integers(len(account.symbols)))]
        market = world.price(symbol, at)
        ends = at + timedelta(seconds=float(random.exponential(25)) + 0.5)
        skew = float(random.lognormal(0, 0.3))
        levels = 1 if random.random() < 0.8 else int(random.integers(2, 4))
        for side, factor in ((Side.BUY, skew), (Side.SELL, 1 / skew)):
            for level in range(levels):
                size = account.notional * factor * float(random.lognormal(0, 0.35)) / market
                price = market * (1 - side.sign * (0.0004 + 0.0003 * level))
                order = world.place(account, symbol, side, size, price, at)
                if level == 0 and random.random() < 0.15:
                    world.fill(account, order, at + (ends - at) * float(random.uniform(0.1, 0.9)), is_taker=False)
                else:
                    world.cancel(order, ends + timedelta(milliseconds=int(random.integers(0, 50))))


def scalper(world: World, account: Account, day: datetime) -> None:
    """In and out within minutes, a little more often right than wrong."""
    random = world.random
    for _ in range(int(random.poisson(account.rate))):
        at = world.moment(day, OPENS, CLOSES - 15)
        symbol = account.symbols[int(random.integers(len(account.symbols)))]
        side = Side.BUY if random.random() < 0.5 else Side.SELL
        notional = account.notional * float(random.lognormal(0, 0.3))
        if random.random() < 0.25:
            price = world.price(symbol, at) * (1 - side.sign * 0.0005)
            order = world.place(account, symbol, side, notional / price, price, at)
            world.cancel(order, at + timedelta(seconds=float(random.exponential(40)) + 1))
            continue
        opened = world.trade(account, symbol, side, notional, at)
        out = at + timedelta(seconds=float(random.exponential(240)) + 5)
        _close(world, account, opened, out)


def _close(world: World, account: Account, opened, at: datetime) -> None:  # type: ignore[no-untyped-def]
    price = world.price(opened.symbol, at) * (1 + float(world.random.normal(0.0002, 0.0006)) * opened.side.sign)
    order = world.place(account, opened.symbol, opened.side.opposite, float(opened.quantity), price, at)
    world.fill(account, order, at + timedelta(milliseconds=50))


def position_trader(world: World, account: Account, day: datetime) -> None:
    """A few orders on some days; most of them wait and fill in parts."""
    random = world.random
    for _ in range(int(random.poisson(account.rate))):
        at = world.moment(day)
        symbol = account.symbols[int(random.integers(len(account.symbols)))]
        held = account.held.get(symbol, 0.0)
        side = Side.BUY if held <= 0 or random.random() < 0.5 else Side.SELL
        notional = account.notional * float(random.lognormal(0, 0.5))
        market = world.price(symbol, at)
        order = world.place(account, symbol, side, notional / market, market * (1 - side.sign * 0.001), at)
        if random.random() < 0.25:
            world.cancel(order, at + timedelta(minutes=float(random.uniform(5, 200))))
        else:
            world.fill(account, order, at + timedelta(minutes=1), part=0.5, is_taker=False, is_last=False)
            world.fill(account, order, at + timedelta(minutes=3), part=0.5, is_taker=False)


def rebalancer(world: World, account: Account, day: datetime) -> None:
    """A basket in the last quarter of an hour: daily or on Fridays, larger at the end of the month."""
    random = world.random
    weekly = account.id.endswith(("1", "3", "5", "7", "9"))
    if weekly and day.weekday() != 4:
        return
    is_month_end = (day + timedelta(days=3 if day.weekday() == 4 else 1)).month != day.month
    for _ in range(int(random.poisson(account.rate * (1.8 if is_month_end else 1)))):
        at = world.moment(day, CLOSES - 15, CLOSES)
        symbol = account.symbols[int(random.integers(len(account.symbols)))]
        side = Side.BUY if random.random() < 0.5 else Side.SELL
        world.trade(account, symbol, side, account.notional * float(random.lognormal(0, 0.6)), at)


def twap(world: World, account: Account, day: datetime) -> None:
    """A position built in slices on one day and closed in slices on another, at a loss as often as not."""
    random = world.random
    symbol = account.symbols[0]
    held = account.held.get(symbol, 0.0)
    market = world.price(symbol, day + timedelta(minutes=OPENS))
    slices = max(10, int(random.poisson(account.rate)))
    begins = float(random.uniform(OPENS + 10, OPENS + 120))
    if abs(held) * market > account.notional * 5 and random.random() < 0.7:
        side, each = (Side.SELL if held > 0 else Side.BUY), abs(held) * market / slices
    elif random.random() < 0.7:
        side, each = (Side.BUY if random.random() < 0.5 else Side.SELL), account.notional
    else:
        return
    step = (CLOSES - 20 - begins) / slices
    for index in range(slices):
        at = day + timedelta(minutes=begins + step * (index + float(random.uniform(0, 0.3))))
        world.trade(account, symbol, side, each * float(random.lognormal(0, 0.05)), at)


def news_trader(world: World, account: Account, day: datetime) -> None:
    """After news a burst of taking orders the way of the news, closed half an hour later; little else."""
    random = world.random
    for at, symbol, sign in world.news:
        if at.date() != day.date() or symbol not in account.symbols:
            continue
        side = Side.BUY if sign > 0 else Side.SELL
        count = int(random.poisson(account.rate)) + 3
        for index in range(count):
            moment = at + timedelta(seconds=20 + 600 * float(random.beta(1, 2)) + index * 0.1)
            world.trade(account, symbol, side, account.notional * float(random.lognormal(0, 0.4)), moment)
        for _ in range(3):
            held = account.held.get(symbol, 0.0)
            if abs(held) < 0.01:
                break
            moment = at + timedelta(minutes=30 + float(random.uniform(0, 15)))
            if moment < day + timedelta(minutes=CLOSES):
                out = Side.SELL if held > 0 else Side.BUY
                world.trade(account, symbol, out, abs(held) / 2 * world.price(symbol, moment), moment)
    if random.random() < 0.3:
        scalp = Account(**{**account.__dict__, "rate": 2.0})
        scalper(world, scalp, day)


def swing_trader(world: World, account: Account, day: datetime) -> None:
    """Some trades a day, held for hours."""
    random = world.random
    for _ in range(int(random.poisson(account.rate))):
        at = world.moment(day, OPENS, CLOSES - 120)
        symbol = account.symbols[int(random.integers(len(account.symbols)))]
        side = Side.BUY if random.random() < 0.5 else Side.SELL
        opened = world.trade(account, symbol, side, account.notional * float(random.lognormal(0, 0.4)), at)
        _close(world, account, opened, at + timedelta(minutes=float(random.uniform(20, 115))))


def dormant(world: World, account: Account, day: datetime) -> None:
    """Next to nothing."""
    if world.random.random() < account.rate:
        world.trade(account, account.symbols[0], Side.BUY, account.notional, world.moment(day))


STYLES: dict[str, Callable[[World, Account, datetime], None]] = {
    "market maker": market_maker,
    "scalper": scalper,
    "position trader": position_trader,
    "rebalancer": rebalancer,
    "twap": twap,
    "news trader": news_trader,
    "swing trader": swing_trader,
    "dormant": dormant,
}


def money(world: World, account: Account) -> None:
    """Deposits and withdrawals: some accounts weekly, others seldom."""
    random = world.random
    world.move(account, account.cash, world.days[0] + timedelta(hours=7))
    often = 0.3 if random.random() < 0.4 else 0.06
    usual = account.cash * 0.03
    for day in world.days:
        if random.random() < often:
            amount = usual * float(random.lognormal(0, 0.6)) * (1 if random.random() < 0.6 else -1)
            world.move(account, amount, world.moment(day, 7 * 60, 20 * 60))


def live(world: World, accounts: list[Account]) -> None:
    """All usual days of all accounts."""
    for account in accounts:
        money(world, account)
        for day in world.days:
            STYLES[account.style](world, account, day)
    world.quotes()
    world.samples()
