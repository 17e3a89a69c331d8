"""Shapes of trials of limits in the schema; their sources are the domain's own values."""

from datetime import datetime
from decimal import Decimal
from typing import cast

import strawberry

from api.risk.enums import RiskRuleKind
from domain.orders.deciding.rule_trial import TrialHit as Hit


@strawberry.type(
    description="An order that a tried rule would have refused or warned of, or an event of it. It is not stored."
)
class RuleTrialHit:
    """A view of ``domain.orders.deciding.rule_trial.TrialHit``."""

    at: datetime = strawberry.field(description="When the order came, or the account was beyond the limit.")
    symbol: str | None = strawberry.field(description="Of the order; null where it is about an account as a whole.")

    @strawberry.field(description="Account of the order or of the figures.")
    def account_id(self, hit: strawberry.Parent[Hit]) -> strawberry.ID:
        """Its account."""
        return cast(strawberry.ID, hit.account_id)

    @strawberry.field(description="The order; null where it is about the figures of an account.")
    def order_id(self, hit: strawberry.Parent[Hit]) -> strawberry.ID | None:
        """Its order."""
        return cast("strawberry.ID | None", hit.order_id)

    @strawberry.field(description="The threshold, in the unit of the kind; null for kinds that have none.")
    def limit(self, hit: strawberry.Parent[Hit]) -> Decimal | None:
        """As a violation's."""
        return hit.violation.limit

    @strawberry.field(description="The observed value, in the same unit; null if it is not known.")
    def observed(self, hit: strawberry.Parent[Hit]) -> Decimal | None:
        """As a violation's."""
        return hit.violation.observed

    @strawberry.field(description="The message of the refusal or the event.")
    def message(self, hit: strawberry.Parent[Hit]) -> str:
        """One sentence."""
        return hit.violation.message


@strawberry.type(description="The result of a trial of a risk rule. Nothing is stored.")
class RuleTrial:
    """A view of ``domain.orders.reading.trials.rule_trial.RuleTrial``."""

    kind: RiskRuleKind = strawberry.field(description="The kind that was tried.")
    since: datetime = strawberry.field(name="from", description="Start of the range.")
    until: datetime = strawberry.field(name="to", description="End of the range, exclusive.")
    tried: int = strawberry.field(
        description="How many orders of the range it covers; for MAX_DAILY_LOSS and MAX_DRAWDOWN, how many samples of "
        "equity."
    )
    is_complete: bool = strawberry.field(
        description="False where there were more than 50,000 orders, fills or samples."
    )
    reached_at: datetime = strawberry.field(description="Time up to which it was tried.")
    count: int = strawberry.field(
        description="Number of orders that it would have refused or warned of, or of events that it would have raised."
    )
    refused: int = strawberry.field(description="Number of orders that it would have refused; zero if it only warns.")
    hits: list[RuleTrialHit] = strawberry.field(description="The first 500 of them, oldest first.")
