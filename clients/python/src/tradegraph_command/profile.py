"""`tradegraph profile`."""

import argparse
import getpass
import json
import sys

from tradegraph_client import TradegraphError
from tradegraph_client.profiles import load_profiles, profiles_path, remove_profile, save_profile
from tradegraph_command.connection import DONE, guarded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list profiles; keys are not shown")
    listing.add_argument("--json", action="store_true", help="print JSON")
    adding = actions.add_parser("add", help="store an existing key; it is asked for, or read from standard input")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("address", metavar="ADDRESS", help="address of the server, such as https://desk.example.com")
    removing = actions.add_parser("remove", help="remove a profile; its key stays valid until it is revoked")
    removing.add_argument("name", metavar="NAME").completer = (  # type: ignore[attr-defined]  # argcomplete reads it
        lambda **_: sorted(load_profiles())
    )


def run(arguments: argparse.Namespace) -> int:
    """List, add or remove."""
    return guarded({"list": _list, "add": _add, "remove": _remove}[arguments.action](arguments))


async def _list(arguments: argparse.Namespace) -> int:
    profiles = {name: profile.address for name, profile in sorted(load_profiles().items())}
    if arguments.json:
        print(json.dumps(profiles, indent=2))
    else:
        for name, address in profiles.items():
            print(f"{name}\t{address}")
    return DONE


async def _add(arguments: argparse.Namespace) -> int:
    key = (getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key:
        raise TradegraphError("there is no key on the standard input")
    print(f"profile {arguments.name} is in {save_profile(arguments.name, arguments.address, key)}")
    return DONE


async def _remove(arguments: argparse.Namespace) -> int:
    remove_profile(arguments.name)
    print(f"profile {arguments.name} is no longer in {profiles_path()}")
    return DONE
