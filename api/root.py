"""The platform's schema: the parts of all areas, in one place."""

from functools import cache

from graphql import GraphQLSchema
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from api.access.mutations import AccessMutation
from api.access.queries import AccessQuery
from api.accounts.mutations import AccountsMutation
from api.accounts.queries import AccountsQuery
from api.accounts.subscriptions import AccountsSubscription
from api.anomalies.case_mutations import CasesMutation
from api.anomalies.case_queries import CasesQuery
from api.anomalies.mutations import AnomaliesMutation
from api.anomalies.program_trading_queries import ProgramTradingQuery
from api.anomalies.queries import AnomaliesQuery
from api.anomalies.subscriptions import AnomaliesSubscription
from api.describing import describe
from api.market.mutations import MarketMutation
from api.market.queries import MarketQuery
from api.market.subscriptions import MarketSubscription
from api.orders.mutations import OrdersMutation
from api.orders.queries import OrdersQuery
from api.orders.subscriptions import OrdersSubscription
from api.positions.mutations import PositionsMutation
from api.positions.queries import PositionsQuery
from api.positions.subscriptions import PositionsSubscription
from api.risk.mutations import RiskMutation
from api.risk.queries import RiskQuery
from api.risk.subscriptions import RiskSubscription
from api.schema import build_schema
from api.system.mutations import SystemMutation
from api.system.queries import SystemQuery
from api.system.subscriptions import SystemSubscription


@cache
def platform_schema() -> GraphQLSchema:
    """The schema that the web process serves; built once."""
    schema = build_schema(
        (
            AccessQuery,
            MarketQuery,
            AccountsQuery,
            OrdersQuery,
            PositionsQuery,
            RiskQuery,
            AnomaliesQuery,
            CasesQuery,
            ProgramTradingQuery,
            SystemQuery,
        ),
        (
            AccessMutation,
            MarketMutation,
            AccountsMutation,
            OrdersMutation,
            PositionsMutation,
            RiskMutation,
            AnomaliesMutation,
            CasesMutation,
            SystemMutation,
        ),
        (
            MarketSubscription,
            AccountsSubscription,
            OrdersSubscription,
            PositionsSubscription,
            RiskSubscription,
            AnomaliesSubscription,
            SystemSubscription,
        ),
    )
    schema.directives = (*schema.directives, GraphQLDisableErrorPropagationDirective)
    describe(schema)
    return schema
