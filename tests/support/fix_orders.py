"""Messages of a client that speaks FIX, and the keys that it needs."""

from datetime import UTC, datetime
from typing import Any

from tests.support.desk import Desk
from tests.support.fix_client import Fields, FixPeer

_CREATE_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }"
_REVOKE_KEY = "mutation ($id: ID!) { revokeApiKey(id: $id) { id } }"


async def new_key(desk: Desk, account_id: str, **terms: Any) -> tuple[str, str]:
    """A key that trades one account: its text and its id."""
    given = {"name": "bot", "role": "TRADER", "accounts": [account_id]} | terms
    data = (await desk.client.ask(_CREATE_KEY, input=given))["createApiKey"]
    return data["secret"], data["apiKey"]["id"]


async def revoke_key(desk: Desk, key_id: str) -> None:
    """Revoke a key."""
    await desk.client.ask(_REVOKE_KEY, id=key_id)


def now() -> str:
    """The present time in FIX format."""
    return f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.000}"


def order(name: str, symbol: str, **fields: str | None) -> dict[int, str]:
    """A limit order to buy one at 90, good till cancelled; fields by tag, such as ``t38="2"``, None without."""
    given: dict[int, str | None] = {11: name, 55: symbol, 54: "1", 60: now(), 40: "2", 38: "1", 44: "90", 59: "1"}
    given |= {int(tag.removeprefix("t")): value for tag, value in fields.items()}
    return {tag: value for tag, value in given.items() if value is not None}


def cancel(name: str, original: str, symbol: str, **fields: str) -> dict[int, str]:
    """A request to cancel."""
    given = {11: name, 41: original, 55: symbol, 54: "1", 60: now()}
    return given | {int(tag.removeprefix("t")): value for tag, value in fields.items()}


def executions(*lives: FixPeer) -> list[Fields]:
    """The execution reports of all runs of a client, each once, without answers to status requests.

    A client that is killed before it has noted a message's number gets the message again, with the flag that FIX has
    for it.
    """
    found: list[Fields] = []
    numbers: set[str] = set()
    for fields in (fields for life in lives for fields in life.all_reports()):
        if fields.get(43) == "Y" and fields[34] in numbers:
            continue
        numbers.add(fields[34])
        if fields[35] == "8" and fields[150] != "I":
            found.append(fields)
    return found
