"""`tradegraph events`."""

import argparse

from tradegraph_client import UNSET, Client, FileCursors
from tradegraph_client.profiles import profiles_path
from tradegraph_command.columns import EVENTS
from tradegraph_command.connection import DONE, add_connection, connected, find_account
from tradegraph_command.output import print_line, text_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--account", action="append", metavar="ACCOUNT", help="of this account, by id or name; may be repeated"
    )
    parser.add_argument("--after", metavar="CURSOR", help="resume after this event")
    parser.add_argument("--name", metavar="NAME", help="resume where the last run of this name ended")
    parser.add_argument("--count", type=int, metavar="N", help="end after this number of events")
    parser.add_argument("--watch", action="store_true", help="follow until interrupted, which is what it does anyway")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print each event as a line, once and in order, over all interruptions."""

    async def work(client: Client) -> int:
        accounts = [(await find_account(client, name)).id for name in arguments.account or ()]
        after = UNSET if arguments.after is None else arguments.after
        events = client.watch_account_events(account_ids=accounts or None, after=after, name=arguments.name)
        printed = 0
        async for event in events:
            if arguments.json:
                print_line(event)
            else:
                print("\t".join(text_of(column.value(event)) for column in EVENTS), flush=True)
            printed += 1
            if printed == arguments.count:
                break
        return DONE

    return connected(arguments, work, FileCursors(profiles_path().with_name("cursors.json")))
