"""The market of one process on real servers."""

from tests.support.market import open_bus, open_market, open_ticks

__all__ = ["open_bus", "open_market", "open_ticks"]
