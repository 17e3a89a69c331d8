"""All detectors, one for each kind of anomaly."""

from typing import Any

from domain.anomalies.detectors.auctions import AuctionSpoofing
from domain.anomalies.detectors.balances import AccountBalance
from domain.anomalies.detectors.base import Detector
from domain.anomalies.detectors.cancels import CancelRatio
from domain.anomalies.detectors.cross_market import CrossMarket
from domain.anomalies.detectors.frequency import QuoteStuffing, TradeFrequency
from domain.anomalies.detectors.front_running import FrontRunning
from domain.anomalies.detectors.layering import Layering
from domain.anomalies.detectors.losses import LossPattern
from domain.anomalies.detectors.orders import OrderSize, PriceDeviation
from domain.anomalies.detectors.performance import SystemPerformance
from domain.anomalies.detectors.ramping import MarkingTheClose, MomentumIgnition, Ramping
from domain.anomalies.detectors.staleness import StaleMarketData
from domain.anomalies.detectors.structuring import Structuring
from domain.anomalies.detectors.washes import WashTrade
from domain.anomalies.types import AnomalyKind

DETECTORS: dict[AnomalyKind, type[Detector[Any, Any]]] = {
    detector.kind: detector
    for detector in (
        TradeFrequency,
        OrderSize,
        PriceDeviation,
        LossPattern,
        AccountBalance,
        SystemPerformance,
        CancelRatio,
        WashTrade,
        Layering,
        Ramping,
        StaleMarketData,
        QuoteStuffing,
        Structuring,
        MarkingTheClose,
        MomentumIgnition,
        CrossMarket,
        FrontRunning,
        AuctionSpoofing,
    )
}
