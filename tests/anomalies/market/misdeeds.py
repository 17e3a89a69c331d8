"""Misdeeds in many variants: each plants its facts at a time and says whose they are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.anomalies.facts import Fact, Quoted, Sampled
from domain.orders.model.types import Side
from tests.anomalies.market.cases import Case, case
from tests.anomalies.market.world import CLOSES, Account, World

Plant = Callable[[World, list[Account], datetime], Case]


def _sec(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=float(seconds))


def _pick(world: World, accounts: list[Account], *styles: str) -> Account:
    fitting = [account for account in accounts if not styles or account.style in styles]
    return fitting[int(world.random.integers(len(fitting)))]


def _side(world: World) -> Side:
    return Side.BUY if world.random.random() < 0.5 else Side.SELL


def _siblings(accounts: list[Account], size: int) -> list[list[Account]]:
    owners: dict[str, list[Account]] = {}
    for account in accounts:
        owners.setdefault(account.owner, []).append(account)
    return [group for group in owners.values() if len(group) >= size]


def huge_order(style: str, low: float, high: float) -> Plant:
    """One order far larger than usual."""

    def plant(world: World, accounts: list[Account], at: datetime) -> Case:
        account = _pick(world, accounts, style)
        symbol, side = account.symbols[0], _side(world)
        market = world.price(symbol, at)
        notional = account.notional * float(world.random.uniform(low, high))
        order = world.place(account, symbol, side, notional / market, market * (1 - side.sign * 0.001), at)
        world.cancel(order, _sec(at, world.random.uniform(60, 4_000)))
        return case(f"huge order of a {style}", at, 0, account.id)

    return plant


def mistyped(world: World, accounts: list[Account], at: datetime) -> Case:
    """A price far beyond the market."""
    account, side = _pick(world, accounts), _side(world)
    symbol = account.symbols[0]
    market = world.price(symbol, at)
    price = market * (1 + side.sign * float(world.random.uniform(0.04, 0.5)))
    order = world.place(account, symbol, side, account.notional / market, price, at)
    world.cancel(order, _sec(at, 30))
    return case("mistyped price", at, 0, account.id)


def order_storm(world: World, accounts: list[Account], at: datetime) -> Case:
    """Orders by the hundred."""
    account = _pick(world, accounts, "position trader", "scalper", "swing trader", "twap", "dormant", "news trader")
    symbol, side = account.symbols[0], _side(world)
    market, number = world.price(symbol, at), int(world.random.integers(80, 300))
    seconds = float(world.random.uniform(30, 400))
    for index in range(number):
        moment = _sec(at, seconds * index / number)
        order = world.place(
            account, symbol, side, account.notional / market / 3, market * (1 - side.sign * 0.004), moment
        )
        world.cancel(order, _sec(at, seconds + 1_800))
    return case("order storm", at, seconds + 1_800, account.id)


def amendments(world: World, accounts: list[Account], at: datetime) -> Case:
    """One order changed over and over."""
    account = _pick(world, accounts, "market maker", "scalper", "position trader", "swing trader")
    symbol, side = account.symbols[0], _side(world)
    market, number = world.price(symbol, at), int(world.random.integers(600, 2_000))
    order = world.place(account, symbol, side, account.notional / market, market * (1 - side.sign * 0.002), at)
    seconds = float(world.random.uniform(15, 60))
    for index in range(number):
        price = market * (1 - side.sign * (0.002 + 0.00001 * (index % 7)))
        world.change(order, float(order.quantity), price, _sec(at, 1 + seconds * index / number))
    world.cancel(order, _sec(at, seconds + 5))
    return case("amendments", at, seconds, account.id)


def stuffing(world: World, accounts: list[Account], at: datetime) -> Case:
    """Orders placed and cancelled within moments, by the hundred."""
    account = _pick(world, accounts, "market maker", "scalper", "news trader")
    symbol = account.symbols[0]
    market, number = world.price(symbol, at), int(world.random.integers(400, 1_000))
    seconds = float(world.random.uniform(20, 120))
    for index in range(number):
        moment, side = _sec(at, seconds * index / number), _side(world)
        order = world.place(account, symbol, side, account.notional / market, market * (1 - side.sign * 0.003), moment)
        world.cancel(order, _sec(moment, world.random.uniform(0.01, 0.4)))
    return case("quote stuffing", at, seconds, account.id)


def cancelling(world: World, accounts: list[Account], at: datetime) -> Case:
    """An account that usually trades cancels nearly all."""
    account = _pick(world, accounts, "scalper", "swing trader")
    symbol = account.symbols[0]
    number, gap = int(world.random.integers(60, 90)), float(world.random.uniform(15, 60))
    for index in range(number):
        moment, side = _sec(at, index * gap), _side(world)
        market = world.price(symbol, moment)
        order = world.place(account, symbol, side, account.notional / market, market * (1 - side.sign * 0.002), moment)
        world.cancel(order, _sec(moment, world.random.uniform(1, 10)))
    return case("mass cancelling", at, number * gap, account.id)


def structuring(world: World, accounts: list[Account], at: datetime) -> Case:
    """Withdrawals just below a round amount."""
    account = _pick(world, accounts)
    number, top = int(world.random.integers(8, 26)), float(world.random.choice((1_000, 5_000, 10_000)))
    seconds = float(world.random.uniform(900, 3_600))
    account.cash = max(account.cash, 1.5 * number * top)
    for index in range(number):
        world.move(account, -top * float(world.random.uniform(0.95, 0.995)), _sec(at, seconds * index / number))
    return case("structuring", at, seconds, account.id)


def empties(world: World, accounts: list[Account], at: datetime) -> Case:
    """All money leaves at once."""
    account = _pick(world, accounts)
    world.move(account, -account.cash * float(world.random.uniform(0.97, 1.0)), at)
    return case("withdrawal of everything", at, 0, account.id)


def large_deposit(world: World, accounts: list[Account], at: datetime) -> Case:
    """Far more money comes than ever."""
    account = _pick(world, accounts)
    world.move(account, account.cash * float(world.random.uniform(15, 60)), at)
    return case("large deposit", at, 0, account.id)


def doubling(world: World, accounts: list[Account], at: datetime) -> Case:
    """Each loss is followed by twice the size."""
    account = _pick(world, accounts, "scalper", "swing trader", "news trader")
    symbol, side, size = account.symbols[0], _side(world), account.notional / 2
    number, gap = int(world.random.integers(6, 9)), float(world.random.uniform(60, 400))
    for index in range(number):
        moment = _sec(at, gap * index)
        market = world.price(symbol, moment)
        order = world.place(account, symbol, side, size / market, market, moment)
        world.fill(account, order, moment)
        out = world.place(account, symbol, side.opposite, float(order.quantity), market, _sec(moment, gap / 2))
        world.fill(account, out, _sec(moment, gap / 2), price=market * (1 - side.sign * 0.003))
        size *= float(world.random.uniform(1.8, 2.2))
    return case("doubling after losses", at, gap * number, account.id)


def losing(world: World, accounts: list[Account], at: datetime) -> Case:
    """A long streak of losing round trips."""
    account = _pick(world, accounts, "scalper", "swing trader")
    symbol = account.symbols[0]
    number, gap = int(world.random.integers(24, 40)), float(world.random.uniform(40, 150))
    for index in range(number):
        moment, side = _sec(at, gap * index), _side(world)
        market = world.price(symbol, moment)
        order = world.place(account, symbol, side, account.notional / market, market, moment)
        world.fill(account, order, moment)
        out = world.place(account, symbol, side.opposite, float(order.quantity), market, _sec(moment, gap / 2))
        world.fill(account, out, _sec(moment, gap / 2), price=market * (1 - side.sign * 0.002))
    return case("losing streak", at, gap * number, account.id)


def wash(exact: bool, linked: int, tick: float, delay: float) -> Plant:
    """An owner trades with itself, in one or several parts, at the same price or beside it."""

    def plant(world: World, accounts: list[Account], at: datetime) -> Case:
        random = world.random
        if linked == 1:
            group = [_pick(world, accounts, "scalper", "swing trader", "market maker", "position trader")]
        else:
            groups = _siblings(accounts, linked)
            group = groups[int(random.integers(len(groups)))][:linked]
        seller, buyers = group[0], (group[1:] or group)
        symbol, number = seller.symbols[0], int(random.integers(4, 9))
        gap = float(random.uniform(40, 300))
        for index in range(number):
            moment = _sec(at, gap * index)
            market, quantity = world.price(symbol, moment), float(random.integers(100, 900)) * seller.notional / 2e5
            quantity = max(round(quantity, 2), 0.2)
            order = world.place(seller, symbol, Side.SELL, quantity, market, moment)
            world.fill(seller, order, _sec(moment, delay * random.random()), is_taker=False)
            split = 1.0 if exact else float(random.uniform(0.3, 0.7))
            parts = [float(order.quantity)] if exact else [round(float(order.quantity) * split, 2)]
            if not exact:
                parts.append(round(float(order.quantity) - parts[0], 2))
            for place, part in enumerate(parts):
                buyer = buyers[place % len(buyers)]
                price = market * (1 + tick * int(random.integers(-1, 2)))
                other = world.place(buyer, symbol, Side.BUY, part, price, _sec(moment, 0.05))
                world.fill(buyer, other, _sec(moment, 0.1 + delay * random.random()))
        name = f"wash: {'exact' if exact else 'split'}, {linked} account(s), tick {tick:g}, {delay:g} s"
        return case(name, at, gap * number, *(account.id for account in group))

    return plant


def layering(levels: int, slow: float, how: str, twin: bool, *styles: str) -> Plant:
    """A stack on one side, a fill on the other, and the stack goes: at once or slowly, cancelled or reduced."""

    def plant(world: World, accounts: list[Account], at: datetime) -> Case:
        random = world.random
        if twin:
            groups = _siblings(accounts, 2)
            stacker, trader = groups[int(random.integers(len(groups)))][:2]
        else:
            stacker = trader = _pick(world, accounts, *styles)
        symbol, side = stacker.symbols[0], _side(world)
        rounds, begin = int(random.integers(2, 5)), at
        for _ in range(rounds):
            market = world.price(symbol, begin)
            size = stacker.notional * float(random.uniform(4, 10)) * (5 / levels if levels < 4 else 1) / market
            stack = [
                world.place(stacker, symbol, side, size, market * (1 - side.sign * (0.0008 + 0.0004 * level)),
                            _sec(begin, level * 0.7))
                for level in range(levels)
            ]  # fmt: skip
            took = world.place(trader, symbol, side.opposite, trader.notional / market, market, _sec(begin, 8))
            world.fill(trader, took, _sec(begin, 8.5))
            for index, order in enumerate(stack):
                gone = _sec(begin, 12 + slow * (index + 1) / levels)
                if how == "reduce":
                    world.change(order, float(order.quantity) * 0.02, float(order.price or 0), gone)
                    world.cancel(order, _sec(gone, 1_500))
                else:
                    world.cancel(order, gone)
            begin = _sec(begin, slow + 100 + random.uniform(0, 200))
        name = f"layering: {levels} levels, {slow:g} s, {how}{', twin' if twin else ''} {'/'.join(styles)}"
        return case(name, at, (begin - at).total_seconds(), stacker.id, trader.id)

    return plant


def ramp(pause: float, opposite: bool, *styles: str) -> Plant:
    """Aggressive orders that carry the price along, with pauses or a small fill the other way."""

    def plant(world: World, accounts: list[Account], at: datetime) -> Case:
        random = world.random
        account = _pick(world, accounts, *styles)
        symbol, side = account.symbols[0], _side(world)
        number, step = int(random.integers(8, 20)), float(random.uniform(0.001, 0.003))
        moment, price = at, world.price(symbol, at)
        for index in range(number):
            price *= 1 + side.sign * step
            market = price * (1 - side.sign * step)
            order = world.place(account, symbol, side, account.notional / price, price, moment, reference=market)
            world.fill(account, order, _sec(moment, 0.2))
            if opposite and index in (number // 3, 2 * number // 3):
                back = world.place(
                    account,
                    symbol,
                    side.opposite,
                    account.notional / price / 5,
                    price * (1 - side.sign * step / 2),
                    _sec(moment, 2),
                    reference=price,
                )
                world.fill(account, back, _sec(moment, 2.5))
            moment = _sec(moment, pause * random.uniform(0.5, 1.5))
        name = f"ramp: pause {pause:g} s{', opposite' if opposite else ''} {'/'.join(styles)}"
        return case(name, at, (moment - at).total_seconds(), account.id)

    return plant


def ignition(world: World, accounts: list[Account], at: datetime) -> Case:
    """A burst that starts a move, sold into it."""
    random = world.random
    account = _pick(world, accounts, "scalper", "swing trader", "position trader", "news trader")
    symbol, side = account.symbols[0], _side(world)
    price = world.price(symbol, at)
    for index in range(int(random.integers(6, 12))):
        price *= 1 + side.sign * float(random.uniform(0.001, 0.0025))
        order = world.place(account, symbol, side, account.notional * 2 / price, price, _sec(at, index * 1.5))
        world.fill(account, order, _sec(at, index * 1.5 + 0.2))
    for index in range(4):
        held = abs(account.held.get(symbol, 0.0)) / (4 - index)
        out = world.place(account, symbol, side.opposite, held, price, _sec(at, 60 + index * 5), reference=price)
        world.fill(account, out, _sec(at, 60.3 + index * 5))
    return case("momentum ignition", at, 90, account.id)


def close_marking(world: World, accounts: list[Account], at: datetime) -> Case:
    """Aggressive orders in the last minutes that set the closing price."""
    random = world.random
    account = _pick(world, accounts, "position trader", "scalper", "swing trader", "rebalancer")
    symbol, side = account.symbols[0], _side(world)
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        minutes=CLOSES - float(random.uniform(1.5, 4))
    )
    price = world.price(symbol, begin)
    number = int(random.integers(4, 9))
    for index in range(number):
        price *= 1 + side.sign * float(random.uniform(0.0015, 0.003))
        moment = _sec(begin, index * 80 / number)
        order = world.place(account, symbol, side, account.notional / price, price, moment)
        world.fill(account, order, _sec(moment, 0.2))
    return case("marking the close", begin, 90, account.id)


def auction(world: World, accounts: list[Account], at: datetime) -> Case:
    """Large orders of one side in the last minutes before the close, and gone before it."""
    random = world.random
    account = _pick(world, accounts, "position trader", "scalper", "swing trader", "news trader")
    symbol, side = account.symbols[0], _side(world)
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        minutes=CLOSES - float(random.uniform(4, 8))
    )
    market, levels = world.price(symbol, begin), int(random.integers(1, 5))
    size = account.notional * float(random.uniform(12, 40)) / levels / market
    for level in range(levels):
        price = market * (1 - side.sign * (0.0005 + 0.0003 * level))
        order = world.place(account, symbol, side, size, price, _sec(begin, 2 * level))
        gone = _sec(begin, 60 + float(random.uniform(0, 100)))
        if random.random() < 0.3:
            world.change(order, size * 0.02, price, gone)
        else:
            world.cancel(order, gone)
    return case("auction", begin, 200, account.id)


def cross_market(world: World, accounts: list[Account], at: datetime) -> Case:
    """A position in the perpetual, the spot pushed its way, and out."""
    random = world.random
    account, side = _pick(world, accounts, "position trader", "swing trader", "scalper", "news trader"), _side(world)
    spot, perpetual = world.price("COIN-USD", at), world.price("COIN-PERP", at)
    opened = world.place(account, "COIN-PERP", side, account.notional * 5 / perpetual, perpetual, at)
    world.fill(account, opened, _sec(at, 0.3))
    price, number = spot, int(random.integers(6, 12))
    for index in range(number):
        price *= 1 + side.sign * float(random.uniform(0.0008, 0.002))
        order = world.place(account, "COIN-USD", side, account.notional / 2 / price, price, _sec(at, 20 + 10 * index))
        world.fill(account, order, _sec(at, 20.2 + 10 * index))
    end = 30 + 10 * number
    lifted = perpetual * price / spot
    out = world.place(
        account, "COIN-PERP", side.opposite, float(opened.quantity), lifted, _sec(at, end), reference=lifted
    )
    world.fill(account, out, _sec(at, end + 0.3))
    return case("cross-market", at, end, account.id)


def front_running(world: World, accounts: list[Account], at: datetime) -> Case:
    """Before each large order of a client, an account buys the same and sells to it afterwards."""
    random = world.random
    client = _pick(world, accounts, "position trader", "twap")
    runner = _pick(
        world,
        [one for one in accounts if one.id != client.id and one.owner != client.owner],
        "swing trader",
        "news trader",
        "scalper",
        "dormant",
    )
    symbol, number, gap = client.symbols[0], int(random.integers(5, 8)), float(random.uniform(500, 900))
    for index in range(number):
        moment, side = _sec(at, gap * index), _side(world)
        market = world.price(symbol, moment)
        first = world.place(runner, symbol, side, runner.notional / market, market, moment)
        world.fill(runner, first, _sec(moment, 0.2))
        large = world.place(
            client,
            symbol,
            side,
            client.notional * 2 / market,
            market * (1 + side.sign * 0.001),
            _sec(moment, random.uniform(2, 30)),
        )
        world.fill(client, large, _sec(moment, 40), price=market * (1 + side.sign * 0.001))
        out = world.place(
            runner, symbol, side.opposite, float(first.quantity), market * (1 + side.sign * 0.0012), _sec(moment, 60)
        )
        world.fill(runner, out, _sec(moment, 61))
    return case("front-running", at, gap * number, runner.id, client.id)


def drift(world: World, accounts: list[Account], at: datetime) -> Case:
    """A latency that rises slowly over a day."""
    component = str(world.random.choice(("web", "venue")))
    begins = at.replace(hour=0, minute=0)
    factor = float(world.random.uniform(1.8, 3.0))
    for index, fact in enumerate(world.facts):
        if not isinstance(fact, Sampled) or fact.component != component:
            continue
        part = (fact.at - begins) / timedelta(hours=24)
        if 0 <= part < 1:
            world.facts[index] = replace(fact, value=fact.value * (1 + (factor - 1) * part))
    return case("slow drift", begins, 30 * 3_600, f"{component}.latencyMs")


def _quoted(fact: Fact, at: datetime, seconds: float) -> bool:
    return isinstance(fact, Quoted) and fact.symbol == "AAA.X" and at <= fact.at < _sec(at, seconds)


def silence(world: World, accounts: list[Account], at: datetime) -> Case:
    """A feed of a price every two seconds is silent for a minute or two."""
    seconds = float(world.random.uniform(60, 150))
    world.facts = [fact for fact in world.facts if not _quoted(fact, at, seconds)]
    return case("silent feed", at, seconds, "AAA.X")


def frozen(world: World, accounts: list[Account], at: datetime) -> Case:
    """A feed goes on with one price."""
    seconds = float(world.random.uniform(300, 1_200))
    held = None
    for index, fact in enumerate(world.facts):
        if isinstance(fact, Quoted) and _quoted(fact, at, seconds):
            held = held or fact.price
            world.facts[index] = replace(fact, price=held)
    return case("frozen feed", at, seconds, "AAA.X")


_ANY = ("scalper", "position trader", "swing trader", "news trader", "dormant", "twap")
PLANTS: tuple[Plant, ...] = (
    huge_order("position trader", 80, 150),
    huge_order("dormant", 100, 250),
    huge_order("scalper", 30, 100),
    huge_order("market maker", 40, 100),
    huge_order("news trader", 40, 100),
    mistyped,
    mistyped,
    order_storm,
    order_storm,
    amendments,
    amendments,
    stuffing,
    cancelling,
    structuring,
    structuring,
    empties,
    empties,
    large_deposit,
    doubling,
    doubling,
    losing,
    wash(True, 1, 0, 0.5),
    wash(True, 2, 0, 0.5),
    wash(False, 2, 0, 1),
    wash(False, 2, 0.0001, 4),
    wash(False, 3, 0.0001, 6),
    layering(6, 10, "cancel", False, "scalper", "swing trader"),
    layering(2, 20, "cancel", False, "scalper", "swing trader", "position trader"),
    layering(5, 200, "cancel", False, "scalper", "news trader"),
    layering(4, 20, "reduce", False, "scalper", "swing trader"),
    layering(5, 20, "cancel", True),
    layering(6, 15, "cancel", False, "market maker"),
    layering(4, 120, "reduce", True),
    ramp(5, False, *_ANY),
    ramp(60, False, *_ANY),
    ramp(200, False, *_ANY),
    ramp(10, True, *_ANY),
    ramp(8, False, "news trader"),
    ramp(8, False, "dormant"),
    ignition,
    close_marking,
    close_marking,
    cross_market,
    front_running,
    auction,
    auction,
    drift,
    silence,
    frozen,
)
