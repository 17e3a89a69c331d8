"""`tradegraph login`."""

import argparse
import getpass
import socket
import sys
from datetime import timedelta

from tradegraph_client import Client, Password, RetryPolicy
from tradegraph_client.profiles import DEFAULT, save_profile
from tradegraph_client.types import CreateApiKeyInput, KeyScope, Role
from tradegraph_command.connection import DONE, UsageError, guarded

_PATIENCE_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("address", metavar="ADDRESS", help="address of the server, such as https://desk.example.com")
    parser.add_argument("--profile", default=DEFAULT, metavar="NAME", help="name of the profile (default: default)")
    parser.add_argument("--email", help="email of the user; asked for if absent")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from the standard input instead of asking"
    )
    parser.add_argument("--code", help="of the authenticator app; asked for if it is needed")
    parser.add_argument(
        "--days", type=int, default=90, metavar="N", help="days for which the key is valid (default: 90)"
    )
    parser.add_argument(
        "--role",
        type=str.upper,
        choices=[role.value for role in Role],
        default=Role.TRADER.value,
        help="role of the key (default: TRADER)",
    )
    parser.add_argument(
        "--scope",
        action="append",
        type=str.upper,
        choices=[scope.value for scope in KeyScope],
        help="limits the key to reading and this; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Sign in, make a key, and keep it: the password is not stored."""

    def code() -> str:
        if arguments.code is None and arguments.password_stdin:
            raise UsageError("a code of the authenticator app is needed: give --code")
        return arguments.code or input("Code of the authenticator app: ")

    email = arguments.email or input("Email: ")
    password = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else getpass.getpass("Password: ")
    return guarded(_log_in(arguments, Password(email, password, code)))


async def _log_in(arguments: argparse.Namespace, who: Password) -> int:
    async with Client(arguments.address, who, retry=RetryPolicy(patience_seconds=_PATIENCE_SECONDS)) as client:
        viewer = await client.get_viewer()
        wanted = CreateApiKeyInput(
            name=f"tradegraph on {socket.gethostname()}"[:100],
            role=Role(arguments.role),
            expires_at=client.now() + timedelta(days=arguments.days),
        )
        if arguments.scope:
            wanted = wanted.model_copy(update={"scopes": [KeyScope(scope) for scope in arguments.scope]})
        made = await client.create_api_key(wanted)
        try:
            path = save_profile(arguments.profile, arguments.address, made.secret)
        except BaseException:
            await client.revoke_api_key(id=made.api_key.id)
            raise
        await client.logout()
    print(f"signed in as {viewer.email}; the key {made.api_key.prefix}... is in {path}, profile {arguments.profile}")
    return DONE
