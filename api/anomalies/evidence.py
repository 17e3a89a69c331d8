"""Evidence of an anomaly, as its reader may see it."""

import asyncio

from api.context import Info
from api.objects import visible_executions, visible_orders, visible_transactions
from domain.anomalies.anomaly import Anomaly, evidence_naming, named_in


async def evidence_shown(info: Info, anomaly: Anomaly) -> str:
    """The evidence as JSON text, without ids of accounts that the actor may not see, and of what is in them.

    A finding about one account may rest on the trading of others, such as the client whose orders were run ahead of.
    """
    actor = info.context.require_actor()
    if actor.sees_all:
        return anomaly.evidence
    orders, executions, transactions = await asyncio.gather(
        visible_orders(info, named_in(anomaly, "orderIds")),
        visible_executions(info, named_in(anomaly, "executionIds")),
        visible_transactions(info, named_in(anomaly, "transactionIds")),
    )
    visible = {row.id for row in orders} | {row.id for row in executions} | {row.id for row in transactions}
    visible.update(account for account in named_in(anomaly, "accountIds") if actor.may_read(account))
    return evidence_naming(anomaly, visible)
