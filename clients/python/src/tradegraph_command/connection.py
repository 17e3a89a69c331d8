"""The connection of a subcommand: its profile, its client, and the exit code of each failure."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from tradegraph_client import (
    BadUserInput,
    Client,
    CursorStore,
    Forbidden,
    InvalidDocument,
    ProfileError,
    RateLimited,
    RetryPolicy,
    ServerFailure,
    TradegraphError,
    Unauthenticated,
    Unavailable,
    every,
    load_profile,
)
from tradegraph_client.profiles import load_profiles
from tradegraph_client.types import Account
from tradegraph_command.output import printable

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NOT_AUTHORISED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130

_PATIENCE_SECONDS: Final = 10.0
_CODES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (BadUserInput, USAGE),
    (InvalidDocument, USAGE),
    (ProfileError, USAGE),
    (Unauthenticated, NOT_AUTHORISED),
    (Forbidden, NOT_AUTHORISED),
    (Unavailable, UNAVAILABLE),
    (RateLimited, UNAVAILABLE),
    (ServerFailure, UNAVAILABLE),
)


class UsageError(TradegraphError):
    """The arguments do not fit together, or name nothing."""


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that every subcommand with a connection has."""
    profile = parser.add_argument("--profile", metavar="NAME", help="the profile to use (default: default)")
    profile.completer = lambda **_: sorted(load_profiles())  # type: ignore[attr-defined]  # argcomplete reads it
    parser.add_argument(
        "--patience",
        type=float,
        default=_PATIENCE_SECONDS,
        metavar="SECONDS",
        help="seconds to wait for a server that does not answer (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, as the API has it; one line each with --watch")


def connected(
    arguments: argparse.Namespace, work: Callable[[Client], Awaitable[int]], cursors: CursorStore | None = None
) -> int:
    """Run the work with a client of the profile; returns the exit code."""

    async def open_and_work() -> int:
        retry = RetryPolicy(patience_seconds=arguments.patience)
        async with Client(*load_profile(arguments.profile), retry=retry, cursors=cursors) as client:
            return await work(client)

    return guarded(open_and_work())


def guarded(work: Coroutine[Any, Any, int]) -> int:
    """Run the subcommand; an error is one line on standard error, and an exit code."""
    try:
        return asyncio.run(work)
    except TradegraphError as error:
        complain(str(error))
        return next((code for kind, code in _CODES if isinstance(error, kind)), _code_of(error))
    except ValueError as error:
        complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; nothing more can be said to it, the interpreter's last flush included.
        sys.stderr.close()
        return REFUSED


def complain(problem: str) -> None:
    """Print an error in one line."""
    print(f"tradegraph: {printable(' '.join(problem.split()))}", file=sys.stderr)


def _code_of(error: TradegraphError) -> int:
    return USAGE if isinstance(error, UsageError) else REFUSED


async def find_account(client: Client, wanted: str | None) -> Account:
    """The account of this id or name; the only one, if none is named.

    Raises:
        UsageError: there is none, or there are several.
    """
    accounts = [account async for account in every(client.get_accounts_connection)]
    if wanted is None:
        found = [account for account in accounts if account.state != "CLOSED"]
        hint = "give one with --account"
    else:
        found = [account for account in accounts if wanted in {account.id, account.name}]
        hint = "give its id"
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"there are {len(found)} such accounts: {hint}")
    raise UsageError("you see no account" if wanted is None else f"there is no account {wanted!r} that you may see")
