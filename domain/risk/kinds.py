"""The table of rule kinds: what each kind limits, in which unit, in which scopes, and whether exits pass it.

Rules are checked against it when they are created, evaluation and monitor follow it, and the docs are generated from
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.risk.types import RiskAction, RiskRuleKind, RiskScope


class ThresholdUnit(StrEnum):
    """The unit of a threshold: units, money of the account's currency, a ratio (0.05 = 5 %), a multiple, a count."""

    QUANTITY = "QUANTITY"
    MONEY = "MONEY"
    RATIO = "RATIO"
    MULTIPLE = "MULTIPLE"
    COUNT = "COUNT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class KindTerms:
    """The properties of all rules of a kind.

    With ``window`` a rule needs ``window_seconds``; with ``exits_pass`` orders that can only reduce a position pass it.
    ``names_symbol`` kinds need a symbol in every scope; ``counts_orders`` kinds do not check modifications.
    ``monitored`` kinds are also checked on open positions, on every quote.
    """

    limits: str
    measure: ThresholdUnit
    scopes: frozenset[RiskScope]
    window: bool = False
    exits_pass: bool = False
    names_symbol: bool = False
    counts_orders: bool = False
    monitored: bool = False

    @property
    def actions(self) -> frozenset[RiskAction]:
        """The actions that a rule of the kind can have: only monitored kinds can act on open positions."""
        return frozenset(RiskAction) if self.monitored else BEFORE_TRADES


# What an order that breaks a rule comes to.
BEFORE_TRADES: Final = frozenset({RiskAction.WARN, RiskAction.REJECT})
_ALL: Final = frozenset(RiskScope)
# A figure of the account's money as a whole, in which no instrument and no strategy has a part of its own.
_WHOLE: Final = frozenset({RiskScope.GLOBAL, RiskScope.ACCOUNT})
_WITH_INSTRUMENT: Final = _WHOLE | {RiskScope.INSTRUMENT}
# To restrict a symbol everywhere is the scope INSTRUMENT.
_NARROW: Final = _ALL - {RiskScope.GLOBAL}

KINDS: Final[Mapping[RiskRuleKind, KindTerms]] = MappingProxyType(
    {
        RiskRuleKind.MAX_ORDER_QUANTITY: KindTerms(
            "the quantity of one order", ThresholdUnit.QUANTITY, _ALL, exits_pass=True
        ),
        RiskRuleKind.MAX_ORDER_NOTIONAL: KindTerms(
            "the value of one order at the worst price that it may trade at", ThresholdUnit.MONEY, _ALL, exits_pass=True
        ),
        RiskRuleKind.PRICE_COLLAR: KindTerms(
            "the distance of a limit price beyond the reference (the last price, else the middle), above it for a buy, "
            "below it for a sell; of an order that waits for a trigger, beyond the trigger price",
            ThresholdUnit.RATIO,
            _ALL,
        ),
        RiskRuleKind.MAX_POSITION_QUANTITY: KindTerms(
            "the position in the order's symbol if all working orders there fill",
            ThresholdUnit.QUANTITY,
            _ALL,
            exits_pass=True,
        ),
        RiskRuleKind.MAX_POSITION_NOTIONAL: KindTerms(
            "the value of that position at the mark", ThresholdUnit.MONEY, _ALL, exits_pass=True
        ),
        RiskRuleKind.MAX_GROSS_EXPOSURE: KindTerms(
            "the sum of the absolute values of all positions if all working orders fill",
            ThresholdUnit.MONEY,
            _WHOLE,
            exits_pass=True,
            monitored=True,
        ),
        RiskRuleKind.MAX_LEVERAGE: KindTerms(
            "gross exposure over equity", ThresholdUnit.MULTIPLE, _WHOLE, exits_pass=True, monitored=True
        ),
        RiskRuleKind.MAX_CONCENTRATION: KindTerms(
            "the value of the position in one symbol, over equity",
            ThresholdUnit.RATIO,
            _WITH_INSTRUMENT,
            exits_pass=True,
            monitored=True,
        ),
        RiskRuleKind.MAX_DAILY_LOSS: KindTerms(
            "the loss since the day roll, deposits and withdrawals apart",
            ThresholdUnit.MONEY,
            _WHOLE,
            exits_pass=True,
            monitored=True,
        ),
        RiskRuleKind.MAX_DRAWDOWN: KindTerms(
            "the distance of equity below its peak, over the peak",
            ThresholdUnit.RATIO,
            _WHOLE,
            exits_pass=True,
            monitored=True,
        ),
        RiskRuleKind.MIN_MARGIN_RATIO: KindTerms(
            "equity over maintenance margin, which must not be lower",
            ThresholdUnit.MULTIPLE,
            _WHOLE,
            exits_pass=True,
            monitored=True,
        ),
        RiskRuleKind.MAX_OPEN_ORDERS: KindTerms(
            "orders that are open at once", ThresholdUnit.COUNT, _ALL, exits_pass=True, counts_orders=True
        ),
        RiskRuleKind.MAX_ORDER_RATE: KindTerms(
            "orders within the window", ThresholdUnit.COUNT, _ALL, window=True, exits_pass=True, counts_orders=True
        ),
        RiskRuleKind.MAX_DAILY_ORDERS: KindTerms(
            "orders since the day roll", ThresholdUnit.COUNT, _ALL, exits_pass=True, counts_orders=True
        ),
        RiskRuleKind.MAX_DAILY_NOTIONAL: KindTerms(
            "the value of the orders since the day roll, each at the worst price that it might have traded at",
            ThresholdUnit.MONEY,
            _ALL,
            exits_pass=True,
        ),
        RiskRuleKind.DUPLICATE_ORDER: KindTerms(
            "equal orders within the window: same symbol, side, type, quantity and prices",
            ThresholdUnit.COUNT,
            _ALL,
            window=True,
            exits_pass=True,
            counts_orders=True,
        ),
        RiskRuleKind.SELF_TRADE: KindTerms(
            "no order that could trade with a working order of its account when it arrives",
            ThresholdUnit.NONE,
            _ALL,
            exits_pass=True,
        ),
        RiskRuleKind.RESTRICTED_SYMBOL: KindTerms(
            "no order that opens or increases a position in the symbol",
            ThresholdUnit.NONE,
            _NARROW,
            exits_pass=True,
            names_symbol=True,
        ),
        RiskRuleKind.TRADING_HOURS: KindTerms(
            "no order outside the sessions of its instrument", ThresholdUnit.NONE, _ALL
        ),
        RiskRuleKind.STALE_PRICE: KindTerms(
            "no order on a quote older than the window", ThresholdUnit.NONE, _ALL, window=True
        ),
    }
)
