"""A run: a world with something of everything in it, each mutation once as it is meant, then chance and harm."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.root import platform_schema
from tests.fuzz.documents import Root, roots
from tests.fuzz.frames import send_frames
from tests.fuzz.recipes import OTHER, PASSWORD, RECIPES, SPLIT, SYMBOL, Known, instrument
from tests.fuzz.transfers import send_transfer
from tests.fuzz.values import Values
from tests.support.client import ApiError, Client
from tests.support.desk import DEPOSIT, Desk
from tests.support.installation import EMAIL
from tests.support.installation import PASSWORD as ADMIN_PASSWORD
from tests.support.waiting import until

INTERNAL = "INTERNAL_SERVER_ERROR"
_PROTOCOL = Subprotocol("graphql-transport-ws")
_ANSWER_SECONDS = 30.0
_FRAMES_EVERY = 25
_TRANSFERS_EVERY = 10
_WARM_AFTER = 200
# What would end the session, or the trading, that the run goes on with.
_ONLY_ONCE = frozenset({"logout", "setAccountState", "haltTrading", "createRiskRule", "updateRiskRule", "updateUser"})
_ROLES = ("ADMIN", "RISK_MANAGER", "TRADER", "VIEWER")


@dataclass
class Outcome:
    """The results of a run."""

    seed: int
    requests: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        missed = sorted(set(RECIPES) - set(self.succeeded))
        lines = [
            f"seed {self.seed}: {self.requests} requests, {len(self.succeeded)} of {len(RECIPES)} mutations succeeded",
            f"not reached: {', '.join(missed) or 'none'}",
            *(f"{code:32} {number}" for code, number in self.codes.most_common()),
            *self.failures,
        ]
        return "\n".join(lines)


class Run:
    """Plays against one address, with a seed of its own."""

    def __init__(self, address: str, seed: int) -> None:
        self.outcome = Outcome(seed)
        self._address = address
        self._chance = Random(seed)
        # Of their own, so that what they draw changes nothing else of a seed.
        self._transfers = Random(seed)
        self._values = Values(self._chance)
        self._schema = platform_schema()
        self._roots = list(roots(self._schema))
        self._clients: list[Client] = []
        self._emails: dict[Client, str] = {}
        self._known: dict[str, Any] = {}
        self._auditor: Client

    async def play(
        self, requests: int, seconds: float = float("inf"), warm: Callable[[], None] = lambda: None
    ) -> Outcome:
        """So many requests after the walk, or as many as fit into the time; ``warm`` is told when caches are filled."""
        async with Client(self._address) as admin:
            await self._prepare(admin)
            await self._walk(admin)
            clock = asyncio.get_running_loop().time
            end = clock() + seconds
            for number in range(requests):
                if clock() > end:
                    break
                if number == _WARM_AFTER:
                    warm()
                await self._any()
                if number % _FRAMES_EVERY == 0:
                    await send_frames(self._address, self._chance, admin.headers["authorization"])
                if number % _TRANSFERS_EVERY == 0:
                    await self._transfer(admin)
        for client in self._clients:
            await client.__aexit__(None, None, None)
        return self.outcome

    # ------------------------------------------------------------------ the world

    async def _prepare(self, admin: Client) -> None:
        self._auditor = admin
        session = await admin.sign_in(EMAIL, ADMIN_PASSWORD)
        desk = Desk(admin)
        for symbol in (SYMBOL, OTHER, SPLIT):
            await admin.ask(_CREATE, input=instrument(symbol))
            await desk.publish(symbol, "99", "101")
        known = self._known
        known["account"] = await desk.open_account("1000000", kind="MARGIN")
        known["idle"] = await desk.open_account("1000")
        known["empty"] = await desk.open_account("0")
        known["refreshToken"] = session["refreshToken"]
        known["email"] = EMAIL
        for role in _ROLES:
            email = f"fuzz-{role.lower()}@example.com".replace("_", "-")
            given = {"email": email, "name": role, "password": PASSWORD, "role": role}
            user = (await admin.ask(_USER, input=given))["createUser"]["id"]
            known["user"] = user
            client = await Client(self._address).__aenter__()
            await client.sign_in(email, PASSWORD)
            self._clients.append(client)
            self._emails[client] = email
        self._clients.append(await Client(self._address).__aenter__())
        known["email"] = email
        for _ in range(2):
            async with Client(self._address) as elsewhere:
                await elsewhere.sign_in(EMAIL, ADMIN_PASSWORD)
        known["session"] = next(
            each["id"] for each in (await admin.ask("{ sessions { id current } }"))["sessions"] if not each["current"]
        )
        known["key"] = (await admin.ask(_KEY, input={"name": "k", "role": "VIEWER"}))["createApiKey"]["apiKey"]["id"]
        for name in ("execution", "other_execution"):
            placed = await desk.place(known["account"], SYMBOL, "BUY", "20")
            await desk.settled(placed["id"])
            known[name] = (await desk.executions(accountId=known["account"]))[0]["id"]
        for name in ("order", "other_order"):
            placed = await desk.place(known["account"], SYMBOL, "BUY", "1", type="LIMIT", limitPrice="50")
            known[name] = (await desk.settled(placed["id"]))["id"]
        await _pay_unusually(admin, await desk.open_account("100"))
        self._learn()

    def _learn(self) -> None:
        known, values = self._known, self._values.known
        accounts = [known["account"], known["idle"]]
        values["accountId"], values["ID"] = (
            accounts,
            [value for name, value in known.items() if name not in ("refreshToken", "empty")],
        )
        for name in ("symbol", "symbols", "search"):
            values[name] = [SYMBOL, OTHER]
        values["String"], values["Decimal"] = ["a test", SYMBOL, "trend"], ["1", "0.001", "99.5", "100"]
        values["Int"], values["first"], values["limit"] = [1, 10, 60], [1, 5], [1, 5]
        values["DateTime"], values["Date"] = ["2026-01-01T00:00:00Z", "2200-01-01T00:00:00Z"], ["2026-01-31"]
        values["name"], values["task"] = ["retention"], ["retention", "health"]
        values["Cursor"] = ["0"]

    # ------------------------------------------------------------------ as it is meant

    async def _walk(self, admin: Client) -> None:
        """Run each mutation once with valid arguments; later mutations use its objects."""
        for name, recipe in RECIPES.items():
            if name == "logout":
                continue
            if name in ("acknowledgeRiskEvent", "resolveRiskEvent"):
                self._known["event"] = await until(lambda: _newest_event(admin))
            if name == "assignAnomalyCase":
                self._known["case"] = await until(lambda: _newest_case(admin))
            if name == "removeAnomalyDismissal":
                self._known["dismissal"] = (await admin.ask(_DISMISSALS))["anomalyDismissals"][0]["id"]
            data = await self._mutate(admin, name, recipe)
            if name == "beginTwoFactor":
                self._known["totp"] = data["secret"]
            if isinstance(data, dict) and name in _MAKES:
                self._known[_MAKES[name]] = data["id"]
            if name == "deleteRiskRule":
                data = await self._mutate(admin, "createRiskRule", RECIPES["createRiskRule"])
                self._known["rule"] = (data or {}).get("id")
        leaving = await Client(self._address).__aenter__()
        await leaving.sign_in(self._known["email"], PASSWORD)
        await self._mutate(leaving, "logout", RECIPES["logout"])
        await leaving.__aexit__(None, None, None)
        self._learn()

    async def _mutate(self, client: Client, name: str, recipe: Any) -> Any:
        root = next(each for each in self._roots if (each.kind, each.name) == ("mutation", name))
        known: Known = self._known
        before = await self._entries(_ENTRY_OF.get(name, name))
        answer = await self._send(client, root, recipe(known))
        if answer is not None and "errors" not in answer:
            self.outcome.succeeded[name] += 1
            await self._check_entry(name, before)
            return answer["data"][name]
        self.outcome.failures.append(f"{name} did not succeed: {(answer or {}).get('errors')}"[:500])
        return None

    async def _entries(self, action: str) -> list[dict[str, Any]]:
        """The audit entries of an action, newest first."""
        edges = (await self._auditor.ask(_AUDIT, action=action))["auditLog"]["edges"]
        return [edge["node"] for edge in edges]

    async def _check_entry(self, name: str, before: list[dict[str, Any]]) -> None:
        """Assert that a mutation left an audit entry with actor, action, address and request."""
        known = {entry["id"] for entry in before}
        if name in _ONE_A_MINUTE:
            known = set()
        entries = [entry for entry in await self._entries(_ENTRY_OF.get(name, name)) if entry["id"] not in known]
        if name in _CHANGES_NOTHING:
            return
        if not entries:
            self.outcome.failures.append(f"{name} left no entry in the audit log")
        for entry in entries:
            told = ("actor", "target", "address", "requestId")
            missing = [each for each in told if not entry[each] or entry[each] == "anonymous"]
            if missing or entry["outcome"] != "DONE":
                self.outcome.failures.append(f"the entry of {name} lacks {missing}: {entry}"[:500])

    # ------------------------------------------------------------------ by chance

    async def _any(self) -> None:
        root = self._chance.choice([root for root in self._roots if root.name != "logout"])
        client = self._chance.choice(self._clients)
        variables: Any
        if root.kind == "mutation" and root.name not in _ONLY_ONCE and self._chance.random() < 0.7:
            variables = self._values.spoiled(RECIPES[root.name](self._known))
        else:
            hostility = self._chance.choice((0.0, 0.1, 0.4))
            variables = {name: self._values.of(name, type_, hostility) for name, type_ in root.arguments.items()}
        if root.kind == "subscription":
            await self._subscribe(client, root, variables)
        else:
            answer = await self._send(client, root, variables)
            if client in self._emails and "UNAUTHENTICATED" in str(answer):
                # Somebody has made the person inactive, or given another role: then it is somebody else's turn.
                with suppress(ApiError):
                    await client.sign_in(self._emails[client], PASSWORD)

    async def _transfer(self, admin: Client) -> None:
        client = self._transfers.choice([admin, *self._clients])
        accounts = [self._known[name] for name in ("account", "empty")]
        fault = await send_transfer(client, self._transfers, accounts, _ANSWER_SECONDS)
        self.outcome.requests += 1
        if fault is not None:
            self.outcome.failures.append(fault[:1_000])

    async def _subscribe(self, client: Client, root: Root, variables: Any) -> None:
        if client.token is None:
            return
        address = f"{self._address.replace('http', 'ws', 1)}/graphql"
        asked = {"id": "1", "type": "subscribe", "payload": {"query": root.text, "variables": variables}}
        heard: list[bytes] = []
        async with asyncio.timeout(_ANSWER_SECONDS), connect(address, subprotocols=[_PROTOCOL], proxy=None) as socket:
            for message in ({"type": "connection_init", "payload": client.headers}, asked, {"type": "ping"}):
                await socket.send(json.dumps(message))
            try:
                while b'"pong"' not in b"".join(heard):
                    heard.append(str(await socket.recv()).encode())
            except ConnectionClosed as closed:
                heard.append(str(closed.rcvd).encode())
        self.outcome.requests += 1
        self._judge(root, variables, b"".join(heard))

    async def _send(self, client: Client, root: Root, variables: Any) -> Any:
        self.outcome.requests += 1
        body = {"query": root.text, "variables": variables}
        try:
            response = await client._http.post(
                "/graphql",
                content=json.dumps(body).encode(),
                headers={**client.headers, "content-type": "application/json"},
                timeout=_ANSWER_SECONDS,
            )
        except httpx.TimeoutException:
            self.outcome.failures.append(f"no answer: {root.name} {variables!r}"[:1_000])
            return None
        self._judge(root, variables, response.content)
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.outcome.failures.append(f"status {response.status_code}: {root.name} {variables!r}"[:1_000])
        try:
            return response.json()
        except ValueError:
            return None

    def _judge(self, root: Root, variables: Any, content: bytes) -> None:
        if INTERNAL.encode() in content:
            self.outcome.failures.append(f"internal error: {root.name} {variables!r}"[:1_000])
        for code in (
            b"BAD_USER_INPUT",
            b"NOT_FOUND",
            b"FORBIDDEN",
            b"CONFLICT",
            b"REJECTED",
            b"UNAUTHENTICATED",
            b"VALIDATION",
        ):
            if code in content:
                self.outcome.codes[code.decode()] += 1
                break
        else:
            self.outcome.codes["answered" if INTERNAL.encode() not in content else INTERNAL] += 1


# Of mutations that place orders, the orders' own rows are the entries.
_ENTRY_OF = dict.fromkeys(("placeOrders", "placeBracket", "placeOco", "closePosition"), "placeOrder")
# Of many calls in a minute the first is an entry.
_ONE_A_MINUTE = frozenset({"publishQuotes"})
# The recipe closes all positions of an account that holds none.
_CHANGES_NOTHING = frozenset({"closeAllPositions"})
_AUDIT = """query ($action: String!) { auditLog(action: $action, first: 20) { edges { node {
  id actor target address requestId outcome
} } } }"""
# What some mutations make, under the name that the recipes of others know it by.
_MAKES = {"createRiskRule": "rule", "haltTrading": "halt", "saveNotificationChannel": "channel"}
_CREATE = "mutation ($input: CreateInstrumentInput!) { createInstrument(input: $input) { id } }"
_USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }"
_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }"
_EVENTS = "{ riskEvents(first: 1) { edges { node { id } } } }"


_DISMISSALS = "{ anomalyDismissals { id } }"
_CASES = "{ anomalyCases(first: 1) { edges { node { id } } } }"


async def _pay_unusually(client: Client, account_id: str) -> None:
    """Deposits of about a hundred, and one that causes a finding."""
    amounts = [90 + 2 * number for number in range(12)]
    for number, amount in enumerate([*amounts, 500_000]):
        await client.ask(DEPOSIT, input={"accountId": account_id, "amount": str(amount), "reference": f"pay-{number}"})


async def _newest_case(client: Client) -> str | None:
    edges = (await client.ask(_CASES))["anomalyCases"]["edges"]
    return edges[0]["node"]["id"] if edges else None


async def _newest_event(client: Client) -> str | None:
    edges = (await client.ask(_EVENTS))["riskEvents"]["edges"]
    return edges[0]["node"]["id"] if edges else None
