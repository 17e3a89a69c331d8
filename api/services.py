"""What the API needs of the domain: one attribute per area, given in by whoever composes the process.

Structural on purpose: the composition root does not import this, and a test may pass less than the whole.
"""

from typing import Protocol

from domain.access.service import Access
from domain.accounts.log import AccountLogs
from domain.anomalies.cases.log import CaseLog
from domain.anomalies.log import AnomalyLog
from domain.kernel.bus import Bus
from domain.market.market import Market
from domain.orders.entry.canceling import OrderCanceling
from domain.orders.entry.closing import PositionClosing
from domain.orders.entry.modifying import OrderModifying
from domain.orders.entry.placing import OrderEntry
from domain.positions.live import LiveBooks
from domain.positions.service import Books
from domain.risk.events import RiskLog
from domain.system.notifications.service import Notifications
from domain.system.watching import Inspection


class Services(Protocol):
    """The services of every area."""

    @property
    def bus(self) -> Bus:
        """Where changes are told."""
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
        """Where orders enter."""
        ...

    @property
    def canceling(self) -> OrderCanceling:
        """Where cancels of orders enter."""
        ...

    @property
    def modifying(self) -> OrderModifying:
        """Where changes of orders enter."""
        ...

    @property
    def closing(self) -> PositionClosing:
        """Where positions are closed."""
        ...

    @property
    def live(self) -> LiveBooks:
        """The accounts that are watched."""
        ...

    @property
    def logs(self) -> AccountLogs:
        """The event logs of accounts."""
        ...

    @property
    def venues(self) -> frozenset[str]:
        """Where orders can go."""
        ...

    @property
    def risk_log(self) -> RiskLog:
        """The log of risk events."""
        ...

    @property
    def anomaly_log(self) -> AnomalyLog:
        """The log of anomalies."""
        ...

    @property
    def case_log(self) -> CaseLog:
        """The log of steps of cases."""
        ...

    @property
    def inspection(self) -> Inspection:
        """What this process can see of the platform's health and load."""
        ...

    @property
    def notifications(self) -> Notifications:
        """The way to people and programs outside."""
        ...
