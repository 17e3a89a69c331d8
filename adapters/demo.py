"""Demo instruments, one of each kind, and the movements of their simulated markets.

Their terms are like those of the real contracts of these names, so that recordings of the real ones can be replayed.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.kernel.ids import new_id
from domain.market.rules import USUAL_FUNDING_HOURS
from domain.market.types import AssetClass, FeeSchedule, Instrument, SettlementCycle


@dataclass(frozen=True, slots=True)
class Motion:
    """The movement of a simulated market: a first price, ticks per step and of spread, and lots of a usual size."""

    price: Decimal
    ticks_per_step: float
    spread_ticks: int
    usual_lots: int


@dataclass(frozen=True, slots=True)
class Demo:
    """An instrument and its simulated market."""

    instrument: Instrument
    motion: Motion


def demo_instruments() -> list[Demo]:
    """All demo instruments, with new identifiers."""
    return [
        _us_security("AAPL.US", "Apple Inc.", "NASDAQ", AssetClass.EQUITY, Motion(Decimal("212.40"), 1.2, 1, 200)),
        _us_security(
            "SPY.ARCA", "SPDR S&P 500 ETF Trust", "ARCA", AssetClass.ETF, Motion(Decimal("574.80"), 1.5, 1, 500)
        ),
        _chinese_share(),
        _bitcoin(),
        _perpetual(
            "BTCUSDT-PERP.BINANCE",
            "Bitcoin perpetual, linear",
            Motion(Decimal("61800.20"), 18.0, 1, 1_500),
            currency="USDT",
            lot_size=Decimal("0.001"),
            min_quantity=Decimal("0.001"),
            min_notional=Decimal(5),
        ),
        _perpetual(
            "BTCUSD_PERP.BINANCE",
            "Bitcoin perpetual, inverse",
            Motion(Decimal("61804.70"), 18.0, 1, 900),
            currency="BTC",
            lot_size=Decimal(1),
            min_quantity=Decimal(1),
            multiplier=Decimal(100),
            inverse=True,
        ),
        _euro(),
        _index_future(),
    ]


def _us_security(symbol: str, name: str, exchange: str, asset_class: AssetClass, motion: Motion) -> Demo:
    instrument = Instrument(
        new_id(),
        symbol,
        name,
        exchange,
        asset_class,
        "USD",
        tick_size=Decimal("0.01"),
        lot_size=Decimal(1),
        min_quantity=Decimal(1),
        max_quantity=Decimal(100_000),
        initial_margin_rate=Decimal("0.5"),
        maintenance_margin_rate=Decimal("0.25"),
        fees=FeeSchedule(per_unit=Decimal("0.005"), minimum=Decimal(1)),
        shortable=True,
        borrow_rate=Decimal("0.0025"),
        calendar="XNYS",
    )
    return Demo(instrument, motion)


def _chinese_share() -> Demo:
    """Bought in lots of a hundred, sold from the next day on, within a tenth of the previous close, taxed on sale."""
    commission = Decimal("0.00025")
    instrument = Instrument(
        new_id(),
        "600000.SSE",
        "Shanghai Pudong Development Bank",
        "SSE",
        AssetClass.EQUITY,
        "CNY",
        tick_size=Decimal("0.01"),
        lot_size=Decimal(100),
        min_quantity=Decimal(100),
        max_quantity=Decimal(1_000_000),
        fees=FeeSchedule(commission, commission, minimum=Decimal(5), sell_tax_rate=Decimal("0.0005")),
        settlement_cycle=SettlementCycle.T1,
        price_limit_rate=Decimal("0.1"),
        calendar="XSHG",
    )
    return Demo(instrument, Motion(Decimal("12.35"), 0.2, 1, 300))


def _bitcoin() -> Demo:
    instrument = Instrument(
        new_id(),
        "BTCUSDT.BINANCE",
        "Bitcoin / Tether",
        "BINANCE",
        AssetClass.CRYPTO,
        "USDT",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00001"),
        min_quantity=Decimal("0.00001"),
        min_notional=Decimal(5),
        fees=FeeSchedule(maker_rate=Decimal("0.001"), taker_rate=Decimal("0.001")),
    )
    return Demo(instrument, Motion(Decimal("61837.63"), 180.0, 2, 40_000))


def _perpetual(symbol: str, name: str, motion: Motion, **terms: Any) -> Demo:
    instrument = Instrument(
        new_id(),
        symbol,
        name,
        "BINANCE",
        AssetClass.PERPETUAL,
        tick_size=Decimal("0.1"),
        initial_margin_rate=Decimal("0.05"),
        maintenance_margin_rate=Decimal("0.025"),
        fees=FeeSchedule(maker_rate=Decimal("0.0002"), taker_rate=Decimal("0.0005")),
        shortable=True,
        funding_rate=Decimal("0.0001"),
        funding_hours=USUAL_FUNDING_HOURS,
        **terms,
    )
    return Demo(instrument, motion)


def _euro() -> Demo:
    instrument = Instrument(
        new_id(),
        "EURUSD.OANDA",
        "Euro / US dollar",
        "OANDA",
        AssetClass.FX,
        "USD",
        tick_size=Decimal("0.00001"),
        lot_size=Decimal(1),
        min_quantity=Decimal(1),
        max_quantity=Decimal(10_000_000),
        initial_margin_rate=Decimal("0.0333"),
        maintenance_margin_rate=Decimal("0.0167"),
        fees=FeeSchedule(maker_rate=Decimal("0.00002"), taker_rate=Decimal("0.00002")),
        shortable=True,
        calendar="24/5",
    )
    return Demo(instrument, Motion(Decimal("1.08642"), 1.5, 9, 1_000_000))


def _index_future() -> Demo:
    instrument = Instrument(
        new_id(),
        "ES.CME",
        "E-mini S&P 500 future",
        "CME",
        AssetClass.FUTURE,
        "USD",
        tick_size=Decimal("0.25"),
        lot_size=Decimal(1),
        min_quantity=Decimal(1),
        max_quantity=Decimal(3_000),
        multiplier=Decimal(50),
        initial_margin_rate=Decimal("0.066"),
        maintenance_margin_rate=Decimal("0.06"),
        fees=FeeSchedule(per_unit=Decimal("2.25")),
        shortable=True,
        calendar="CMES",
    )
    return Demo(instrument, Motion(Decimal("5768.25"), 0.5, 1, 40))
