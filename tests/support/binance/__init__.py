"""A server on loopback that speaks the REST and WebSocket dialect of Binance's spot market, with faults on demand."""

from tests.support.binance.faults import Fault
from tests.support.binance.server import BinanceServer

__all__ = ["BinanceServer", "Fault"]
