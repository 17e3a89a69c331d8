"""The client ids of an exchange's orders: trades carry only the exchange's own id.

The memory may be lost at any moment: missing ids are asked for again.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from adapters.venues.crypto.connection import ExchangeConnection
from adapters.venues.crypto.failures import ExchangeFailure, Fate

MAX_REMEMBERED = 10_000


class Identities:
    """Client ids by (ccxt's symbol, exchange's order id); None for orders that have none."""

    def __init__(self, connection: ExchangeConnection) -> None:
        self._connection = connection
        self._known: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        self._answered: set[tuple[str, str]] = set()

    def learn(self, raw: Mapping[str, Any], client_order_id: str | None = None) -> None:
        """Store the ids of an order that ccxt gave."""
        self._known[raw["symbol"], raw["id"]] = client_order_id or raw["clientOrderId"]
        while len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def answered(self, raw: Mapping[str, Any], client_order_id: str) -> None:
        """Store the ids of an order in the answer to a request about it."""
        self.learn(raw, client_order_id)
        if len(self._answered) < MAX_REMEMBERED:
            self._answered.add((raw["symbol"], raw["id"]))

    def take_answered(self) -> set[tuple[str, str]]:
        """The orders in answers since the last call."""
        answered, self._answered = self._answered, set()
        return answered

    async def of_trade(self, raw: Mapping[str, Any]) -> str | None:
        """The client id of the order of a trade.

        Raises:
            ExchangeFailure: it must be asked, and the exchange cannot be.
        """
        symbol, order_id = raw["symbol"], raw["order"]
        if order_id is None:
            return None
        if (symbol, order_id) not in self._known:
            try:
                self.learn(await self._connection.call("fetch_order", order_id, symbol))
            except ExchangeFailure as failure:
                if failure.fate is not Fate.NOT_THERE:
                    raise
                return None
        return self._known[symbol, order_id]
