"""Entry point of the command `tradegraph`: finds the subcommand and turns expected failures into one clear line.

It has the subcommands of a client, too (``tradegraph_command``), which talk to a server through its API.

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 130 interrupted; clients have 3 and 4 besides.
"""

import argparse
import sys
from collections.abc import Sequence

from adapters.credentials import CredentialsError
from adapters.embedded import EmbeddedError
from adapters.logs.configuration import configure_logging
from adapters.settings.values import LogSetting
from adapters.settings_error import SettingsError
from adapters.version import VERSION
from cli.errors import CommandError
from domain.kernel.errors import DomainError
from tradegraph_command.commands import COMMANDS as CLIENT_COMMANDS
from tradegraph_command.commands import Subcommand, add_commands, complete, typed

# The modules are imported when they are asked for: most of the platform is not needed to print a help page.
COMMANDS = {
    "up": "start everything: private servers unless configured, schema, first administrator, web, engine, worker",
    "web": "serve the API",
    "engine": "run market data and venues",
    "worker": "run scheduled and queued work",
    "prepare": "update the schema; create the first administrator and the demonstration data unless they exist",
    "migrate": "update the database schema",
    "seed": "add the demonstration instruments",
    "user": "create users, list them, set passwords",
    "proof": "prove the books of all accounts",
    "backup": "write a consistent backup into a folder, also while the platform runs",
    "restore": "restore a backup into an empty database and prove the books",
    "database": "dump or restore the database, or open psql on it",
    "export-schema": "print the API's schema",
    "documents": "list the persisted operations of clients",
    "simulate": "run order scenarios against recorded market data",
    "detect": "score recorded series for anomalies",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser, modules = _parser(list(sys.argv[1:] if argv is None else argv))
    complete(parser)
    arguments = parser.parse_args(argv)
    # What a command prints is its result; processes that run for long configure their logging themselves.
    configure_logging(LogSetting("warning", "console"), sys.stderr)
    try:
        return modules[arguments.command].run(arguments)
    except SettingsError as error:
        _complain(*error.problems)
        return 2
    except (CommandError, CredentialsError, EmbeddedError, DomainError) as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; nothing more can be said to it, the interpreter's last flush included.
        sys.stderr.close()
        return 1


def _parser(argv: list[str]) -> tuple[argparse.ArgumentParser, dict[str, Subcommand]]:
    """The parser, with the arguments of the one subcommand that is named in `argv`."""
    parser = argparse.ArgumentParser(
        prog="tradegraph", description="A self-hosted trading backend, and a client of it."
    )
    parser.add_argument("--version", action="version", version=f"tradegraph {VERSION}")
    return parser, add_commands(parser, {"cli": COMMANDS, "tradegraph_command": CLIENT_COMMANDS}, typed(argv))


def _complain(*problems: str) -> None:
    for problem in problems:
        print(f"tradegraph: {' '.join(problem.split())}", file=sys.stderr)
