"""The choice of a feed by its setting."""

from adapters.feeds.crypto import CryptoFeed
from adapters.feeds.feed import Feed, NoFeed, Troubled, untroubled
from adapters.feeds.replay import ReplayFeed
from adapters.feeds.sim import SimFeed
from adapters.settings.values import FeedSetting
from domain.market.market import Market


def chosen_feed(setting: FeedSetting, market: Market, troubled: Troubled = untroubled) -> Feed:
    """The feed that ``setting`` names, not started; a live one tells ``troubled`` when it is interrupted."""
    match setting.kind:
        case "sim":
            return SimFeed(market)
        case "replay":
            assert setting.path is not None
            return ReplayFeed(market, setting.path, setting.speed)
        case "ccxt":
            assert setting.address is not None
            return CryptoFeed(market, setting.address, troubled=troubled)
        case "off":
            return NoFeed()
