"""Random flows through an account that trades instruments of every kind: after each step all its figures agree.

What is expected is written here a second time, straight from the definitions of the accounts and of reservations.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.accounts.rules import first_break, withdrawable
from domain.accounts.types import GENESIS_HASH, AccountKind, HouseAccount, PositionMode, TransactionKind
from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import Instrument
from domain.orders.books.proof import _Rebuilt
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.order_validation import check_change
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, Side, TimeInForce
from domain.positions.closable import closable, frozen
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import ACCOUNT_ID, NOW
from tests.support.household import INSTRUMENTS, MARKETS, Household

CENT = Decimal("0.01")
TWELVE = Decimal("1e-12")
SYMBOLS = sorted(MARKETS)
by_symbol = {item.symbol: item for item in INSTRUMENTS.values()}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def worth(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    if instrument.inverse:
        return quantity * instrument.multiplier / price
    return quantity * instrument.multiplier * price


class Figures:
    """An account's figures by their definitions."""

    def __init__(self, home: Household) -> None:
        account = home.account
        self.initial = self.maintenance = self.market_value = self.unrealized = ZERO
        self.equity = account.cash
        for position in home.held():
            instrument = INSTRUMENTS[position.instrument_id]
            rate = home.rate(instrument.currency, "USD")
            price = home.quotes[instrument.symbol].mark
            assert rate is not None
            assert price is not None
            value = worth(instrument, position.quantity, price) * rate
            cost = position.cost * instrument.multiplier * rate
            pnl = cost - value if instrument.inverse else value - cost
            # Each position is told in whole cents, and the account is the sum of what is told.
            self.market_value += cents(value)
            self.unrealized += cents(pnl)
            self.equity += cents(pnl) if instrument.asset_class.is_derivative else cents(value)
            if not account.is_cash:
                self.initial += cents(abs(value) * instrument.initial_margin_rate)
                self.maintenance += cents(abs(value) * instrument.maintenance_margin_rate)
        free = account.cash if account.is_cash else self.equity - self.initial
        self.available = free - account.reserved.quantize(CENT, rounding=ROUND_UP)


def reservation(order: Order, kind: AccountKind) -> tuple[Decimal, Decimal, Decimal]:
    """The unfilled quantity of a working order, its value as margin or cash, and its fee."""
    instrument, left = INSTRUMENTS[order.instrument_id], order.quantity - order.filled_quantity
    if kind is AccountKind.CASH and order.side is Side.SELL:
        return left, ZERO, ZERO
    assert order.reserve_price is not None
    fees, notional = instrument.fees, worth(instrument, left, abs(order.reserve_price))
    fee = (notional * fees.taker_rate + left * fees.per_unit) * order.reserve_rate
    before = max(order.fee_minimum, order.fee_due) if order.fee_minimum else order.fee_due
    minimum = max(order.fee_minimum, fees.minimum * order.reserve_rate)
    after = max(minimum, order.fee_due + fee) if minimum else order.fee_due + fee
    # A rebate is rounded towards zero.
    after, before = (cents(fee) if fee >= ZERO else fee.quantize(CENT, rounding=ROUND_DOWN) for fee in (after, before))
    more = max(ZERO, after - before)
    if kind is AccountKind.MARGIN:
        margin = notional * instrument.initial_margin_rate * order.reserve_rate
        return left, margin.quantize(TWELVE).quantize(CENT, rounding=ROUND_UP), more
    # A purchase pays whole cents of all its fills together, rounded up.
    paid, all_of_it = (
        amount.quantize(TWELVE).quantize(CENT, rounding=ROUND_UP)
        for amount in (-order.trade_due, notional * order.reserve_rate - order.trade_due)
    )
    return left, all_of_it - paid, more


def in_bucket(order: Order, position: PositionBook) -> bool:
    if order.instrument_id != position.instrument_id:
        return False
    if position.bucket is Bucket.NET:
        return True
    closes = order.position_effect is not PositionEffect.OPEN and order.position_effect is not PositionEffect.AUTO
    return (position.bucket is Bucket.LONG) == ((order.side is Side.BUY) != closes)


def reserved(home: Household, position: PositionBook) -> Decimal:
    """The reservation of the working orders of a bucket: their worst case."""
    kind = home.account.kind
    opening = {side: [ZERO, ZERO] for side in Side}
    exits = dict.fromkeys(Side, ZERO)
    fees = ZERO
    for order in home.open_orders():
        if in_bucket(order, position):
            left, money, fee = reservation(order, kind)
            fees += fee
            if order.only_reduces:
                exits[order.side] += left
            else:
                opening[order.side][0] += left
                opening[order.side][1] += money
    if kind is AccountKind.CASH:
        return opening[Side.BUY][1] + fees
    shares = []
    for side, (quantity, money) in opening.items():
        # What it could at most become on that side, were all exits that lead there filled first; it needs for growth.
        held = position.quantity * side.sign
        most = (min(ZERO, held + exits[side]) if held < ZERO else held) + quantity
        growth = max(ZERO, most - abs(held))
        part = money if growth == quantity else money * growth / quantity if quantity else ZERO
        shares.append(part if growth == quantity else part.quantize(TWELVE, rounding=ROUND_UP))
    return fees + max(shares)


class Flows(RuleBasedStateMachine):
    """Markets move, orders come, change, fill and go, money comes and leaves, days end."""

    @initialize(kind=st.sampled_from(AccountKind), mode=st.sampled_from(PositionMode))
    def open_account(self, kind: AccountKind, mode: PositionMode) -> None:
        # A cash account does not hedge.
        mode = PositionMode.NETTING if kind is AccountKind.CASH else mode
        self.home = Household(kind, mode)
        self.day = 0

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        shift=st.integers(-300, 300),
        spread=st.integers(1, 20),
        size=st.integers(1, 60),
    )
    def quote(self, symbol: str, shift: int, spread: int, size: int) -> None:
        tick = by_symbol[symbol].tick_size
        bid = Decimal(MARKETS[symbol][0]) + shift * tick
        self.home.tick(symbol, bid, bid + spread * tick, Decimal(size) / 10)

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(Side),
        kind=st.sampled_from([OrderType.MARKET, OrderType.LIMIT]),
        lots=st.one_of(st.integers(1, 40), st.integers(1, 400)),
        shift=st.integers(-200, 200),
        effect=st.sampled_from(PositionEffect),
        force=st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.GTD]),
        reduce_only=st.integers(0, 9).map(lambda number: number == 0),
    )
    def place(
        self,
        symbol: str,
        side: Side,
        kind: OrderType,
        lots: int,
        shift: int,
        effect: PositionEffect,
        force: TimeInForce,
        reduce_only: bool,
    ) -> None:
        instrument = by_symbol[symbol]
        limit = Decimal(MARKETS[symbol][0]) + shift * instrument.tick_size
        terms: dict[str, Any] = {"limit_price": limit} if kind is OrderType.LIMIT else {}
        if force is TimeInForce.GTD:
            terms["expires_at"] = Nanos(self.home.clock + 3_600 * NANOS_PER_SECOND).to_datetime()
        self.home.place(
            PlaceOrder(
                account_id=ACCOUNT_ID,
                symbol=symbol,
                side=side,
                type=kind,
                quantity=lots * instrument.lot_size,
                time_in_force=force if kind is OrderType.LIMIT else TimeInForce.IOC,
                position_effect=effect
                if self.home.account.position_mode is PositionMode.HEDGING
                else PositionEffect.AUTO,
                reduce_only=reduce_only,
                **terms,
            )
        )

    @rule(
        symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=6),
        side=st.sampled_from(Side),
        lots=st.integers(1, 30),
        closes=st.booleans(),
    )
    def trade(self, symbols: list[str], side: Side, lots: int, closes: bool) -> None:
        """Place a market order, which fills at once as far as the market has size."""
        hedges = self.home.account.position_mode is PositionMode.HEDGING
        for symbol in symbols:
            effect = PositionEffect.CLOSE if hedges and closes else PositionEffect.AUTO
            self.home.place(
                PlaceOrder(
                    account_id=ACCOUNT_ID,
                    symbol=symbol,
                    side=side,
                    type=OrderType.MARKET,
                    quantity=lots * by_symbol[symbol].lot_size,
                    time_in_force=TimeInForce.IOC,
                    position_effect=effect,
                )
            )

    @precondition(lambda self: self.home.open_orders())
    @rule(which=st.integers(0, 100), lots=st.integers(1, 120))
    def modify(self, which: int, lots: int) -> None:
        orders = self.home.open_orders()
        order = orders[which % len(orders)]
        quantity = lots * INSTRUMENTS[order.instrument_id].lot_size
        try:
            check_change(ModifyOrder(OrderKey(id=order.id), quantity=quantity), order, NOW)
            self.home.modify(order, quantity)
        except BadInput:
            return

    @precondition(lambda self: self.home.open_orders())
    @rule(which=st.integers(0, 100))
    def cancel(self, which: int) -> None:
        orders = self.home.open_orders()
        self.home.cancel(orders[which % len(orders)])

    @rule(cents=st.integers(1, 100_000))
    def deposit(self, cents: int) -> None:
        assert self.home.move(Decimal(cents) / 100)

    @rule(cents=st.integers(1, 300_000))
    def withdraw(self, cents: int) -> None:
        most = withdrawable(self.home.account, self.home.value().available)
        assert self.home.move(-Decimal(cents) / 100) is (Decimal(cents) / 100 <= most)

    @rule()
    def end_day(self) -> None:
        self.day += 1
        cash = self.home.account.cash
        assert cash + sum((row.amount for row in self.home.roll(self.day)), ZERO) == self.home.account.cash
        assert list(self.home.roll(self.day)) == []

    @rule()
    def expire(self) -> None:
        self.home.expire()
        assert all(order.time_in_force is not TimeInForce.GTD for order in self.home.open_orders())

    @invariant()
    def the_ledger_adds_up(self) -> None:
        account, rows = self.home.account, self.home.account.transactions
        assert account.cash == sum((row.amount for row in rows), ZERO)
        assert first_break(rows, GENESIS_HASH, 0, ZERO) is None
        assert (account.transaction_sequence, account.transaction_hash) == (len(rows), rows[-1].hash)
        house = {contra: -sum((row.amount for row in rows if row.contra is contra), ZERO) for contra in HouseAccount}
        assert account.cash + sum(house.values()) == ZERO
        assert -house[HouseAccount.EXTERNAL] == self.home.deposited
        kinds = (TransactionKind.FEE, TransactionKind.TAX)
        assert account.fees_paid == -sum((row.amount for row in rows if row.kind in kinds), ZERO)

    @invariant()
    def every_figure_follows_from_its_definition(self) -> None:
        home, value, expected = self.home, self.home.value(), Figures(self.home)
        for name in ("equity", "available", "market_value", "unrealized_pnl", "initial_margin", "maintenance_margin"):
            short = {"unrealized_pnl": "unrealized", "initial_margin": "initial", "maintenance_margin": "maintenance"}
            assert getattr(value, name) == getattr(expected, short.get(name, name)), name
        assert value.buying_power == max(ZERO, value.available)
        if value.maintenance_margin == ZERO:
            assert value.margin_ratio is None
        else:
            assert value.margin_ratio == round(value.equity / value.maintenance_margin, 12)
        account = home.account
        assert value.day_pnl == value.equity - account.day_opening_equity - account.day_transfers
        assert withdrawable(account, value.available) <= max(ZERO, account.cash - account.reserved)
        if account.is_cash:
            assert account.cash >= ZERO or any(INSTRUMENTS[row.instrument_id].currency != "USD" for row in home.held())
            assert all(position.quantity >= ZERO for position in home.positions.values())

    @invariant()
    def reservations_are_what_working_orders_may_need(self) -> None:
        home = self.home
        for position in home.positions.values():
            assert position.reserved == reserved(home, position)
            instrument = INSTRUMENTS[position.instrument_id]
            assert closable(position, instrument) == abs(position.quantity) - frozen(position, instrument) >= ZERO
        assert home.account.reserved == sum((position.reserved for position in home.positions.values()), ZERO)
        for order in home.orders.values():
            if not order.is_open:
                assert order.reserved_quantity == order.reserved_margin == order.reserved_fee == ZERO

    @invariant()
    def executions_alone_rebuild_the_books(self) -> None:
        home = self.home
        rebuilt = _Rebuilt(home.account, INSTRUMENTS)
        for row in home.account.transactions:
            rebuilt.move(row)
        for execution in home.executions:
            rebuilt.book(execution)
        account = home.account
        assert rebuilt.misstated == []
        assert (rebuilt.cash, rebuilt.realized_pnl, rebuilt.fees_paid) == (
            account.cash,
            account.realized_pnl,
            account.fees_paid,
        )
        for (instrument_id, bucket), position in home.positions.items():
            booked = rebuilt.positions.get((instrument_id, bucket)) or PositionBook(
                position.id, ACCOUNT_ID, instrument_id, bucket
            )
            for name in ("quantity", "cost", "average_price", "realized_due", "realized_pnl", "fees_paid", "fx_rate"):
                assert getattr(position, name) == getattr(booked, name)

    def teardown(self) -> None:
        """When the last order is gone, nothing is held back, to the last cent."""
        if not hasattr(self, "home"):
            return
        for order in self.home.open_orders():
            self.home.cancel(order)
        assert self.home.account.reserved == ZERO
        assert all(
            position.reserved == position.working_buy == position.working_sell == position.working_fees == ZERO
            and position.working_buy_margin == position.working_sell_margin == ZERO
            for position in self.home.positions.values()
        )
        assert {order.status for order in self.home.orders.values()} <= {
            OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED,
        }  # fmt: skip


TestFlows = Flows.TestCase
TestFlows.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
