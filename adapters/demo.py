"""Demo instruments, one of each kind, and how the simulated feed lets them move.

Their terms are like those of the real contracts of these names, so that recordings of the real ones can be replayed.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.ids import new_id
from domain.market.types import AssetClass, FeeSchedule, Instrument, SettlementCycle


@dataclass(frozen=True, slots=True)
class Motion:
    """How a simulated market moves: a first price, ticks per step and of spread, and lots of a usual size."""

    price: Decimal
    ticks_per_step: float
    spread_ticks: int
    usual_lots: int


@dataclass(frozen=True, slots=True)
class Demo:
    """An instrument and its simulated market."""

    instrument: Instrument
    motion: Motion


def _us_fees() -> FeeSchedule:
    return FeeSchedule(per_unit=Decimal("0.005"), minimum=Decimal(1))


def _crypto_fees() -> FeeSchedule:
    return FeeSchedule(maker_rate=Decimal("0.0002"), taker_rate=Decimal("0.0005"))


def demo_instruments() -> list[Demo]:
    """All of them, with new identifiers."""
    return [*_securities(), *_crypto(), *_fx_and_futures()]


def _securities() -> list[Demo]:
    return [
        Demo(
            Instrument(
                new_id(),
                "AAPL.US",
                "Apple Inc.",
                "NASDAQ",
                AssetClass.EQUITY,
                "USD",
                tick_size=Decimal("0.01"),
                lot_size=Decimal(1),
                min_quantity=Decimal(1),
                max_quantity=Decimal(100_000),
                initial_margin_rate=Decimal("0.5"),
                maintenance_margin_rate=Decimal("0.25"),
                fees=_us_fees(),
                shortable=True,
                calendar="XNYS",
            ),
            Motion(Decimal("212.40"), ticks_per_step=1.2, spread_ticks=1, usual_lots=200),
        ),
        Demo(
            Instrument(
                new_id(),
                "SPY.ARCA",
                "SPDR S&P 500 ETF Trust",
                "ARCA",
                AssetClass.ETF,
                "USD",
                tick_size=Decimal("0.01"),
                lot_size=Decimal(1),
                min_quantity=Decimal(1),
                max_quantity=Decimal(100_000),
                initial_margin_rate=Decimal("0.5"),
                maintenance_margin_rate=Decimal("0.25"),
                fees=_us_fees(),
                shortable=True,
                calendar="XNYS",
            ),
            Motion(Decimal("574.80"), ticks_per_step=1.5, spread_ticks=1, usual_lots=500),
        ),
        Demo(
            Instrument(
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
                fees=FeeSchedule(
                    maker_rate=Decimal("0.00025"),
                    taker_rate=Decimal("0.00025"),
                    minimum=Decimal(5),
                    sell_tax_rate=Decimal("0.0005"),
                ),
                settlement_cycle=SettlementCycle.T1,
                price_limit_rate=Decimal("0.1"),
                calendar="XSHG",
            ),
            Motion(Decimal("12.35"), ticks_per_step=0.2, spread_ticks=1, usual_lots=300),
        ),
    ]


def _crypto() -> list[Demo]:
    return [
        Demo(
            Instrument(
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
            ),
            Motion(Decimal("61837.63"), ticks_per_step=180.0, spread_ticks=2, usual_lots=40_000),
        ),
        Demo(
            Instrument(
                new_id(),
                "BTCUSDT-PERP.BINANCE",
                "Bitcoin perpetual, linear",
                "BINANCE",
                AssetClass.PERPETUAL,
                "USDT",
                tick_size=Decimal("0.1"),
                lot_size=Decimal("0.001"),
                min_quantity=Decimal("0.001"),
                min_notional=Decimal(5),
                initial_margin_rate=Decimal("0.05"),
                maintenance_margin_rate=Decimal("0.025"),
                fees=_crypto_fees(),
                shortable=True,
            ),
            Motion(Decimal("61800.20"), ticks_per_step=18.0, spread_ticks=1, usual_lots=1_500),
        ),
        Demo(
            Instrument(
                new_id(),
                "BTCUSD_PERP.BINANCE",
                "Bitcoin perpetual, inverse",
                "BINANCE",
                AssetClass.PERPETUAL,
                "BTC",
                tick_size=Decimal("0.1"),
                lot_size=Decimal(1),
                min_quantity=Decimal(1),
                multiplier=Decimal(100),
                inverse=True,
                initial_margin_rate=Decimal("0.05"),
                maintenance_margin_rate=Decimal("0.025"),
                fees=_crypto_fees(),
                shortable=True,
            ),
            Motion(Decimal("61804.70"), ticks_per_step=18.0, spread_ticks=1, usual_lots=900),
        ),
    ]


def _fx_and_futures() -> list[Demo]:
    return [
        Demo(
            Instrument(
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
            ),
            Motion(Decimal("1.08642"), ticks_per_step=1.5, spread_ticks=9, usual_lots=1_000_000),
        ),
        Demo(
            Instrument(
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
            ),
            Motion(Decimal("5768.25"), ticks_per_step=0.5, spread_ticks=1, usual_lots=40),
        ),
    ]
