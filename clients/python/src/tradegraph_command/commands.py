"""The subcommands of `tradegraph` for people, and the parser of them.

Nothing of the client is imported here: a help page needs none of it.
"""

import argparse
import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, cast

COMMANDS: Final = {
    "login": "sign in to a server and keep a key to it in a profile",
    "profile": "list, add or remove profiles",
    "accounts": "list accounts with their figures",
    "orders": "list orders",
    "positions": "list positions",
    "quotes": "show quotes",
    "place": "place an order",
    "cancel": "cancel orders",
    "close": "close positions",
    "halt": "halt trading, list halts, lift one",
    "events": "follow the events of accounts",
    "risk": "show an account's risk, limits and open risk events",
    "export": "write orders, executions, the ledger and more of an account as CSV, JSON Lines or Parquet",
    "import": "book the history of an account from elsewhere, from a CSV file, into a new account",
    "completion": "print the script that completes commands in a shell",
}
# Words that Python keeps for itself.
_MODULES: Final = {"import": "importing"}
EXIT_CODES: Final = """\
exit codes: 0 done, 1 refused (an order was rejected, something is not there, or has changed), 2 wrong arguments or
profile, 3 not signed in or not allowed, 4 the server cannot be reached or cannot serve, 130 interrupted"""


class Subcommand(Protocol):
    """The interface of a subcommand's module."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Run it, and return the exit code."""


def add_commands(
    parser: argparse.ArgumentParser, packages: Mapping[str, Mapping[str, str]], named: Sequence[str]
) -> dict[str, Subcommand]:
    """Add subcommands to a parser; the modules of those that are named, whose arguments it knows.

    Args:
        parser: The parser of the whole command.
        packages: The summary of each subcommand, by the package that has its module.
        named: The words that were typed. Only the modules of these are imported.
    """
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules: dict[str, Subcommand] = {}
    for package, commands in packages.items():
        for name, summary in commands.items():
            described = f"{summary[0].upper()}{summary[1:]}."
            epilog = EXIT_CODES if package == "tradegraph_command" else None
            subparser = subparsers.add_parser(name, help=summary, description=described, epilog=epilog)
            if name in named:
                modules[name] = cast(Subcommand, importlib.import_module(f"{package}.{_module_of(name)}"))
                modules[name].add_arguments(subparser)
    return modules


def _module_of(name: str) -> str:
    return _MODULES.get(name, name.replace("-", "_"))


def typed(argv: Sequence[str]) -> list[str]:
    """The words that were typed: the arguments, or the line that a shell wants to have completed."""
    return os.environ.get("COMP_LINE", "").split() if is_completing() else list(argv)


def is_completing() -> bool:
    """True if a shell asks for completions."""
    return "_ARGCOMPLETE" in os.environ


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and end; return at once otherwise."""
    if is_completing():
        importlib.import_module("argcomplete").autocomplete(parser)
