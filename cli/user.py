"""`tradegraph user`: create users, list them, set passwords, as the platform itself and in the audit log.

A password is never an argument, where other users of the machine could read it: it is asked for, or read from
standard input when that is no terminal.
"""

import argparse
import asyncio
import getpass
import os
import sys

from adapters.credentials import complete
from adapters.embedded.server_folder import make_private_folder
from adapters.settings.loading import Settings, load_settings
from cli.access import open_access
from cli.addresses import servers_for_a_while
from cli.checks import check_schema
from cli.errors import CommandError
from domain.access.types import SYSTEM, Role, User
from domain.access.users import create_user, page_users, set_password
from domain.kernel.pages import MAX_PAGE, page_request


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="add a user; the password is asked for, or read from standard input")
    create.add_argument("email")
    create.add_argument("--name", help="default: the part of the address before the @")
    create.add_argument("--role", type=str.upper, choices=[role.value for role in Role], default=Role.TRADER.value)
    actions.add_parser("list", help="list all users")
    password = actions.add_parser("password", help="set a user's password, which ends all sessions of the user")
    password.add_argument("email")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the actions."""
    settings = load_settings(os.environ)
    password = "" if arguments.action == "list" else _password()
    make_private_folder(settings.data_dir)
    with servers_for_a_while(settings) as addressed:
        print(asyncio.run(_act(complete(addressed), arguments, password)))
    return 0


async def _act(settings: Settings, arguments: argparse.Namespace, password: str) -> str:
    await check_schema(settings.database_url)
    async with open_access(settings) as access:
        if arguments.action == "list":
            return await _listing()
        if arguments.action == "password":
            user = await set_password(access, SYSTEM, arguments.email, password)
            return f"the password of {user.email} is set"
        name = arguments.name or arguments.email.partition("@")[0]
        user = await create_user(
            access, SYSTEM, email=arguments.email, name=name, password=password, role=Role(arguments.role)
        )
        return f"{user.email} may sign in as {user.role}"


async def _listing() -> str:
    rows = [("EMAIL", "NAME", "ROLE", "ACTIVE", "CREATED")]
    after: str | None = None
    while True:
        page = await page_users(SYSTEM, page_request(first=MAX_PAGE, after=after, parts=1))
        rows += [_row(user) for user in page.nodes]
        if not page.has_next:
            break
        after = page.end_cursor
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(user: User) -> tuple[str, str, str, str, str]:
    return user.email, user.name, user.role.value, "yes" if user.active else "no", f"{user.created_at:%Y-%m-%d}"


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise CommandError("the two passwords differ")
    return first
