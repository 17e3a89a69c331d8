"""The platform's schema: the parts of all areas, in one place."""

from functools import cache

from graphql import GraphQLSchema

from api.access.mutations import AccessMutation
from api.access.queries import AccessQuery
from api.accounts.mutations import AccountsMutation
from api.accounts.queries import AccountsQuery
from api.anomalies.operations import AnomaliesMutation, AnomaliesQuery, AnomaliesSubscription
from api.market.mutations import MarketMutation
from api.market.queries import MarketQuery
from api.market.subscriptions import MarketSubscription
from api.orders.mutations import OrdersMutation
from api.orders.queries import OrdersQuery
from api.orders.subscriptions import OrdersSubscription
from api.positions.mutations import PositionsMutation
from api.positions.queries import PositionsQuery
from api.positions.subscriptions import PositionsSubscription
from api.risk.operations import RiskMutation, RiskQuery, RiskSubscription
from api.schema import build_schema
from api.system.operations import SystemMutation, SystemQuery, SystemSubscription


@cache
def platform_schema() -> GraphQLSchema:
    """The schema that the web process serves; built once."""
    return build_schema(
        (AccessQuery, MarketQuery, AccountsQuery, OrdersQuery, PositionsQuery, RiskQuery, AnomaliesQuery, SystemQuery),
        (
            AccessMutation,
            MarketMutation,
            AccountsMutation,
            OrdersMutation,
            PositionsMutation,
            RiskMutation,
            AnomaliesMutation,
            SystemMutation,
        ),
        (
            MarketSubscription,
            OrdersSubscription,
            PositionsSubscription,
            RiskSubscription,
            AnomaliesSubscription,
            SystemSubscription,
        ),
    )
