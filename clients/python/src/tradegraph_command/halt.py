"""`tradegraph halt`."""

import argparse

from tradegraph_client import Client, every
from tradegraph_client.types import HaltTradingInput, RiskScope, TradingHaltFilter
from tradegraph_command.columns import HALTS
from tradegraph_command.connection import DONE, UsageError, add_connection, connected, find_account
from tradegraph_command.output import show, show_one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--account", metavar="ACCOUNT", help="halt this account, by id or name")
    what.add_argument("--symbol", metavar="SYMBOL", help="halt this instrument")
    what.add_argument("--strategy", metavar="NAME", help="halt this strategy")
    what.add_argument("--everything", action="store_true", help="halt all trading")
    what.add_argument("--lift", metavar="HALT", help="lift this halt, by id")
    what.add_argument("--list", action="store_true", help="list the halts in force")
    parser.add_argument("--reason", metavar="TEXT", help="reason, for people; required to halt and to lift")
    parser.add_argument("--keep-orders", action="store_true", help="leave open orders working")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Halt, lift or list."""

    async def work(client: Client) -> int:
        if arguments.list:
            pages = every(client.get_trading_halts_connection, filter_=TradingHaltFilter(active=True))
            show([halt async for halt in pages], HALTS, as_json=arguments.json)
            return DONE
        scope = await _scope(client, arguments)
        if arguments.reason is None:
            raise UsageError("give a reason with --reason")
        if arguments.lift is not None:
            halt = await client.resume_trading(id=arguments.lift, reason=arguments.reason)
        else:
            assert scope is not None
            halt = await client.halt_trading(scope)
        show_one(halt, HALTS, as_json=arguments.json)
        return DONE

    return connected(arguments, work)


async def _scope(client: Client, arguments: argparse.Namespace) -> HaltTradingInput | None:
    """The scope to halt; None to lift a halt."""
    plain = HaltTradingInput(
        scope=RiskScope.GLOBAL, reason=arguments.reason or "", cancel_open_orders=not arguments.keep_orders
    )
    if arguments.lift is not None:
        return None
    if arguments.everything:
        return plain
    if arguments.account is not None:
        account = await find_account(client, arguments.account)
        return plain.model_copy(update={"scope": RiskScope.ACCOUNT, "account_id": account.id})
    if arguments.symbol is not None:
        return plain.model_copy(update={"scope": RiskScope.INSTRUMENT, "symbol": arguments.symbol})
    if arguments.strategy is not None:
        return plain.model_copy(update={"scope": RiskScope.STRATEGY, "strategy": arguments.strategy})
    raise UsageError("give the scope: --account, --symbol, --strategy or --everything; or use --list or --lift")
