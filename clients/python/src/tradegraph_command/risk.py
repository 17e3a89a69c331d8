"""`tradegraph risk`."""

import argparse

from tradegraph_client import UNSET, Client
from tradegraph_client.types import RiskEventFilter, RiskEventState
from tradegraph_client.wire import encode
from tradegraph_command.columns import LIMITS, RISK, RISK_EVENTS
from tradegraph_command.connection import DONE, add_connection, connected, find_account
from tradegraph_command.output import follow, print_json, show, show_one

_NOT_RESOLVED = [RiskEventState.OPEN, RiskEventState.ACKNOWLEDGED]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument("--watch", action="store_true", help="follow its risk events until interrupted")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show figures, limits and the risk events that are not resolved."""

    async def work(client: Client) -> int:
        account = await find_account(client, arguments.account)
        wanted = RiskEventFilter(account_id=account.id, states=_NOT_RESOLVED)
        events = [edge.node for edge in (await client.get_risk_events(filter_=wanted, first=100)).edges]
        if arguments.watch:
            changes = client.watch_risk_events(account_id=account.id, after=events[0].cursor if events else UNSET)
            await follow(events, changes, RISK_EVENTS, lambda row: row.id, as_json=arguments.json)
            return DONE
        metrics = await client.get_risk_metrics(account_id=account.id)
        if arguments.json:
            print_json({"metrics": encode(metrics), "events": encode(events)})
            return DONE
        show_one(metrics, RISK, as_json=False)
        if metrics.limits:
            print()
            show(metrics.limits, LIMITS, as_json=False)
        if events:
            print()
            show(events, RISK_EVENTS, as_json=False)
        return DONE

    return connected(arguments, work)
