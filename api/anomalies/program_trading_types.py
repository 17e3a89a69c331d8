"""The report on programmed trading: its input and its shapes."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast

import strawberry

from api.anomalies.enums import WatchedBehaviour
from api.context import Info
from api.objects import load_currency
from api.orders.enums import Side
from domain.anomalies import program_trading as values
from domain.anomalies.program_trading_queries import BusiestMinute as MinuteValue

_USUAL = values.ProgramThresholds()


@strawberry.input(
    description=(
        "Day of the report, and the thresholds of each behaviour. The exchanges publish only the first two "
        "thresholds; the others are defaults of this platform."
    )
)
class ProgramTradingReportInput:
    """See ``domain.anomalies.program_trading``."""

    day: date = strawberry.field(description="The calendar day in `timeZone`.")
    time_zone: str = strawberry.field(default=values.SHANGHAI, description="A name of the IANA time zone database.")
    account_id: strawberry.ID | None = strawberry.field(default=None, description="One account; null reports all.")
    messages_per_second: int = strawberry.field(
        default=_USUAL.messages_per_second, description="Orders and cancels within any one second."
    )
    messages_per_day: int = strawberry.field(
        default=_USUAL.messages_per_day, description="Orders and cancels of the day."
    )
    instant_cancels: int = strawberry.field(
        default=_USUAL.instant_cancels, description="Orders of the day that were cancelled within a second."
    )
    cancel_ratio: float = strawberry.field(
        default=_USUAL.cancel_ratio, description="Cancels for each order of the day; both numbers must be met."
    )
    push_move: float = strawberry.field(
        default=_USUAL.push_move, description="Move of a symbol's price within a minute that counts: 0.005 is 0.5 %."
    )
    push_share: float = strawberry.field(
        default=_USUAL.push_share,
        description=("The quantity with which the account took liquidity, as a share of all trading in that minute."),
    )
    pushes: int = strawberry.field(default=_USUAL.pushes, description="Number of minutes of the day.")
    minute_notional: Decimal = strawberry.field(
        default=_USUAL.minute_notional,
        description="Taken within a minute in one symbol on one side, in the account's currency.",
    )
    minute_share: float = strawberry.field(
        default=_USUAL.minute_share,
        description=("The same as a share of all quantity that took liquidity on that side."),
    )
    minute_move: float = strawberry.field(
        default=_USUAL.minute_move, description="Move of the symbol's price in that minute; all three must be met."
    )

    def marks(self) -> values.ProgramThresholds:
        """The numbers."""
        return values.ProgramThresholds(
            self.messages_per_second,
            self.messages_per_day,
            self.instant_cancels,
            self.cancel_ratio,
            self.push_move,
            self.push_share,
            self.pushes,
            self.minute_notional,
            self.minute_share,
            self.minute_move,
        )


@strawberry.type(description="The minute in which an account took most in one symbol on one side.")
class BusiestMinute:
    """A view of ``domain.anomalies.program_trading_queries.BusiestMinute``."""

    at: datetime = strawberry.field(description="Time at which the minute begins.")
    symbol: str = strawberry.field(description="In which symbol.")
    side: Side = strawberry.field(description="On which side.")
    notional: Decimal = strawberry.field(
        description=("Value of the executed quantity that took liquidity, in the account's currency.")
    )
    share: float = strawberry.field(description="Of all that was taken there on that side on this platform, 0 to 1.")
    move: float = strawberry.field(description="The price's move from the minute before, as a ratio.")


@strawberry.type(description="An account's day by the windows of the exchanges.")
class ProgramTradingAccount:
    """A view of ``domain.anomalies.program_trading.WatchedAccount``."""

    behaviours: list[WatchedBehaviour] = strawberry.field(description="The kind of behaviour, of four.")

    @strawberry.field(description="Id of the account.")
    def account_id(self, account: strawberry.Parent[values.WatchedAccount]) -> strawberry.ID:
        """The account."""
        return cast(strawberry.ID, account.conduct.account_id)

    @strawberry.field(description="The currency of its money: the account's.")
    async def currency(self, account: strawberry.Parent[values.WatchedAccount], info: Info) -> str:
        """Loaded with those of the report's other accounts."""
        return await load_currency(info, account.conduct.account_id)

    @strawberry.field(description="Orders of the day, refused ones included.")
    def orders(self, account: strawberry.Parent[values.WatchedAccount]) -> int:
        """By when they were placed."""
        return account.conduct.orders

    @strawberry.field(description="Orders that were cancelled on the day.")
    def cancels(self, account: strawberry.Parent[values.WatchedAccount]) -> int:
        """By when that happened."""
        return account.conduct.cancels

    @strawberry.field(description="The most orders and cancels within any one second.")
    def peak_messages(self, account: strawberry.Parent[values.WatchedAccount]) -> int:
        """A sliding second."""
        return account.conduct.peak

    @strawberry.field(description="End of that second; null if there were no messages.")
    def peak_at(self, account: strawberry.Parent[values.WatchedAccount]) -> datetime | None:
        """The last message of it."""
        return account.conduct.peak_at

    @strawberry.field(description="Orders that were cancelled within a second after they were placed.")
    def instant_cancels(self, account: strawberry.Parent[values.WatchedAccount]) -> int:
        """Cancelled on the day."""
        return account.conduct.instant_cancels

    @strawberry.field(description="Cancels for each order of the day; null where there were no orders.")
    def cancel_ratio(self, account: strawberry.Parent[values.WatchedAccount]) -> float | None:
        """Above 1 where orders of earlier days were cancelled."""
        return account.conduct.cancels / account.conduct.orders if account.conduct.orders else None

    @strawberry.field(description="Minutes in which a price moved along with the account's taking; see the input.")
    def pushes(self, account: strawberry.Parent[values.WatchedAccount]) -> int:
        """By `pushMove` and `pushShare`."""
        return account.conduct.pushes

    @strawberry.field(description="Its largest taking within a minute; null where it took nothing.")
    def busiest_minute(self, account: strawberry.Parent[values.WatchedAccount]) -> BusiestMinute | None:
        """By notional."""
        minute: MinuteValue | None = account.conduct.minute
        return cast("BusiestMinute | None", minute)


@strawberry.type(
    description=("Trading of accounts in one day, in the windows in which Chinese exchanges watch programmed trading.")
)
class ProgramTradingReport:
    """A view of ``domain.anomalies.program_trading.ProgramTradingReport``."""

    since: datetime = strawberry.field(name="from", description="Time at which the day begins.")
    until: datetime = strawberry.field(name="to", description="Time at which it ends, itself not part of it.")
    accounts: list[ProgramTradingAccount] = strawberry.field(
        description="Accounts that ordered, cancelled or took something, most messages in a second first; at most 500."
    )
    is_complete: bool = strawberry.field(description="False where more than 500 accounts did.")
