"""Memory of web process and engine over a long time of mixed work.

    python -m bench.soak [SECONDS]

Several people place, change and cancel orders, trade, read lists and statistics, sign in anew, make mistakes, and open
and close event streams, at a fixed pace that leaves the machine idle most of the time. Printed is the memory that each
process holds for itself, twelve times over the run. A leak is a figure that goes on growing in the second half.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import psutil
import uvloop
import websockets

from bench.desk import CANCEL, MODIFY, PLACE, SYMBOL, Desk, open_desk
from bench.stage import Stage, Web, open_stage

_PEOPLE = 6
_STEPS_PER_SECOND = 10.0
_LOOKS = 12
_MEGABYTE = 1_000_000
_SIGN_IN_SECONDS = 600
_LIVES_SECONDS = 5.0
_LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
_WRONG_LOGIN = {"email": "admin@example.com", "password": "this is not the password"}
_QUOTES = "mutation ($input: PublishQuotesInput!) { publishQuotes(input: $input) }"
_ORDERS = "{ orders(first: 100) { edges { node { id status instrument { symbol } } } } }"
_ACCOUNT = """query ($id: ID!) {
  account(id: $id) { cash equity positions { symbol quantity unrealizedPnl } performance { trades netPnl } }
}"""
_STREAM = "subscription ($account: ID!) { orderEvents(accountId: $account) { cursor order { id status } } }"
_UNKNOWN = '{ order(id: "0193a5c2-7c11-7000-8000-000000000000") { id } }'
_WRONG = "{ orders(first: 5) { edges { node { colour } } } }"


class Person:
    """Works on one account, one step after the other."""

    def __init__(self, web: Web, desk: Desk, account: str, client: httpx.AsyncClient, random: Random) -> None:
        self._web = web
        self._desk = desk
        self._account = account
        self._client = client
        self._random = random
        self._token = desk.token
        self._signed_in = time.monotonic()
        self._resting: list[str] = []

    async def work(self, until: float) -> int:
        """Take steps at the person's pace; their number."""
        steps: list[Callable[[], Awaitable[None]]] = [
            self._rest,
            self._rest,
            self._trade,
            self._change,
            self._cancel,
            self._cancel,
            self._read,
            self._fail,
            self._listen,
        ]
        count, due = 0, time.monotonic()
        while due < until:
            if time.monotonic() - self._signed_in > _SIGN_IN_SECONDS:
                self._token = await asyncio.to_thread(self._web.sign_in)
                self._signed_in = time.monotonic()
            await self._random.choice(steps)()
            count += 1
            # Whoever was late does not hurry afterwards.
            due = max(due + self._random.uniform(0, 2 / _STEPS_PER_SECOND), time.monotonic())
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        return count

    async def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        headers = {"authorization": f"Bearer {self._token}"}
        answer: dict[str, Any] = (await self._client.post("/graphql", json=body, headers=headers)).json()
        return answer

    async def _rest(self) -> None:
        answer = await self._ask(PLACE, input=self._desk.order(self._account))
        self._resting.append(answer["data"]["placeOrder"]["order"]["id"])

    async def _trade(self) -> None:
        side = self._random.choice(("BUY", "SELL"))
        await self._ask(PLACE, input=self._desk.order(self._account, type="MARKET", limitPrice=None, side=side))

    async def _change(self) -> None:
        if self._resting:
            await self._ask(MODIFY, input=self._desk.change(self._random.choice(self._resting)))

    async def _cancel(self) -> None:
        if self._resting:
            order = self._resting.pop(self._random.randrange(len(self._resting)))
            await self._ask(CANCEL, input={"id": order})

    async def _read(self) -> None:
        await self._ask(_ORDERS)
        await self._ask(_ACCOUNT, id=self._account)

    async def _fail(self) -> None:
        await self._ask(self._random.choice((_UNKNOWN, _WRONG, f"{{ field{self._random.random()} }}")))
        if self._random.random() < 1 / _STEPS_PER_SECOND / _SIGN_IN_SECONDS * _PEOPLE:
            await self._ask(_LOGIN, input=_WRONG_LOGIN)

    async def _listen(self) -> None:
        address = f"ws://127.0.0.1:{self._web.port}/graphql"
        async with websockets.connect(address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(
                json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}})
            )
            payload = {"query": _STREAM, "variables": {"account": self._account}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            try:
                async with asyncio.timeout(self._random.uniform(0, _LIVES_SECONDS / _STEPS_PER_SECOND)):
                    while True:
                        await socket.recv()
            except TimeoutError:
                pass


async def _market(web: Web, desk: Desk, until: float) -> None:
    """A price that moves, so that orders trade and positions are valued."""
    token, signed_in, cents = desk.token, time.monotonic(), 6_183_762
    random = Random(3)
    while time.monotonic() < until:
        if time.monotonic() - signed_in > _SIGN_IN_SECONDS:
            token, signed_in = await asyncio.to_thread(web.sign_in), time.monotonic()
        cents += random.randint(-500, 500)
        quote = {"symbol": SYMBOL, "bid": f"{cents / 100:.2f}", "ask": f"{(cents + 2) / 100:.2f}"}
        await asyncio.to_thread(web.ask, _QUOTES, token, input={"quotes": [quote]})
        await asyncio.sleep(0.5)


async def _look(processes: dict[str, psutil.Process], seconds: float) -> None:
    for _ in range(_LOOKS):
        await asyncio.sleep(seconds / _LOOKS)
        held = {name: process.memory_full_info().uss / _MEGABYTE for name, process in processes.items()}
        said = "  ".join(f"{name} {megabytes:.1f} MB" for name, megabytes in held.items())
        print(f"{time.strftime('%H:%M:%S')}  {said}", flush=True)


async def _soak(web: Web, desk: Desk, processes: dict[str, psutil.Process], seconds: float) -> int:
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", trust_env=False, timeout=60) as client:
        people = [
            Person(web, desk, account, client, Random(number)) for number, account in enumerate(desk.accounts[:_PEOPLE])
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(_market(web, desk, until))
            group.create_task(_look(processes, seconds))
            working = [group.create_task(person.work(until)) for person in people]
    return sum(task.result() for task in working)


@contextmanager
def _platform(stage: Stage) -> Iterator[tuple[Web, dict[str, psutil.Process]]]:
    with stage.web() as web, stage.engine("off") as engine:
        yield web, {"web": psutil.Process(web.pid), "engine": psutil.Process(engine)}


def main() -> None:
    """Work for the given time, an hour without one."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3_600.0
    with open_stage() as stage, _platform(stage) as (web, processes):
        desk = open_desk(stage, web)
        steps = uvloop.run(_soak(web, desk, processes, seconds))
        print(f"{steps} steps in {seconds:.0f} s")


if __name__ == "__main__":
    main()
