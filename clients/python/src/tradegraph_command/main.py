"""Entry point of the command `tradegraph` where the server is not installed: it has the subcommands for people alone.

Where the server is installed, its own command has these subcommands too, and is run.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

from tradegraph_command.commands import COMMANDS, EXIT_CODES, add_commands, complete, typed

_SERVER = "tradegraph.command"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    for whole in entry_points(group=_SERVER):
        code: int = whole.load()(argv)
        return code
    parser = argparse.ArgumentParser(prog="tradegraph", description="A client of Tradegraph.", epilog=EXIT_CODES)
    modules = add_commands(parser, {"tradegraph_command": COMMANDS}, typed(sys.argv[1:] if argv is None else argv))
    complete(parser)
    arguments = parser.parse_args(argv)
    return modules[arguments.command].run(arguments)
