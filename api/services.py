"""The API's dependencies on the domain: one attribute per area, given by the composer of the process.

A structural type: the composition root does not import it, and a test may pass less than the whole.
"""

from typing import Protocol

from domain.access.service import Access
from domain.accounts.log import AccountLogs
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.types import CaseEvent
from domain.kernel.bus import Bus
from domain.kernel.log_tail import StoredLog
from domain.kernel.read_cache import ReadCache
from domain.market.market import Market
from domain.orders.entry.canceling import OrderCanceling
from domain.orders.entry.closing import PositionClosing
from domain.orders.entry.modifying import OrderModifying
from domain.orders.entry.placing import OrderEntry
from domain.positions.live import LiveBooks
from domain.positions.service import Books
from domain.risk.types import RiskEvent
from domain.system.notifications.service import Notifications
from domain.system.watching import Inspection


class Services(Protocol):
    """The services of every area."""

    @property
    def bus(self) -> Bus:
        """The bus that publishes changes."""
        ...

    @property
    def access(self) -> Access:
        """Users, sessions, keys and grants."""
        ...

    @property
    def market(self) -> Market:
        """Instruments and their newest quotes."""
        ...

    @property
    def books(self) -> Books:
        """Accounts with their positions, valued."""
        ...

    @property
    def entry(self) -> OrderEntry:
        """The entry of orders."""
        ...

    @property
    def canceling(self) -> OrderCanceling:
        """The entry of cancels."""
        ...

    @property
    def modifying(self) -> OrderModifying:
        """The entry of modifications."""
        ...

    @property
    def closing(self) -> PositionClosing:
        """The entry of closing."""
        ...

    @property
    def live(self) -> LiveBooks:
        """The watched accounts."""
        ...

    @property
    def logs(self) -> AccountLogs:
        """The event logs of accounts."""
        ...

    @property
    def reads(self) -> ReadCache:
        """The kept results of expensive reads."""
        ...

    @property
    def venues(self) -> frozenset[str]:
        """The names of the venues."""
        ...

    @property
    def risk_log(self) -> StoredLog[RiskEvent]:
        """The log of risk events."""
        ...

    @property
    def anomaly_log(self) -> StoredLog[Anomaly]:
        """The log of anomalies."""
        ...

    @property
    def case_log(self) -> StoredLog[CaseEvent]:
        """The log of steps of cases."""
        ...

    @property
    def inspection(self) -> Inspection:
        """The platform's health and load as this process sees it."""
        ...

    @property
    def notifications(self) -> Notifications:
        """The way to people and programs outside."""
        ...
