"""Scheduled tasks through the API: seen, changed, paused, started and followed, and what is refused."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from graphql import graphql, parse, subscribe

from api.context import Context
from api.graphql.encoding import encode
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.kernel.database import fetch
from domain.system import attempts
from domain.system.task_definitions import BOOK_PROOF, DEFINITIONS
from tests.support.people import audited
from tests.support.trading import Platform, platform
from tests.support.waiting import take

LEASE = timedelta(seconds=20)
TASK = """name description trigger intervalSeconds cron timezone enabled timeoutSeconds maxRetries catchUp nextRunAt
  version
  lastRun { id state } runs(first: 2) { id }"""
UPDATE = "mutation ($i: UpdateScheduledTaskInput!) { updateScheduledTask(input: $i) { TASK } }".replace("TASK", TASK)
RUN = (
    "mutation ($name: String!) { runScheduledTask(name: $name) { id task state cause attempt requestedBy startedAt } }"
)
RUNS = """query ($task: String, $states: [TaskRunState!], $first: Int, $after: String) {
  taskRuns(task: $task, states: $states, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id state attempt durationMs result error } }
  }
}"""
FOLLOW = "subscription ($task: String) { taskRuns(task: $task) { id task state attempt result } }"
LIST = f"{{ scheduledTasks {{ {TASK} }} }}"


def decoded(data: Any) -> Any:
    """What a client reads: JSON is sent on as it was stored."""
    return orjson.loads(encode(data))


@dataclass
class Client:
    """The API, by default with the rights of a risk manager."""

    desk: Platform
    actor: Actor

    async def ask(self, query: str, actor: Actor | None = None, **variables: Any) -> Any:
        """The value of the one root field, or the code and field of the one error."""
        context = Context(self.desk.services, actor=actor or self.actor)
        result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
        if result.errors:
            original: Any = result.errors[0].original_error
            assert original is not None, result.errors[0]
            return original.code.value, original.context.get("field")
        assert result.data is not None
        (value,) = decoded(result.data).values()
        return value

    async def task(self, name: str) -> dict[str, Any]:
        """One task."""
        return next(task for task in await self.ask(LIST) if task["name"] == name)

    async def follow(self, **variables: Any) -> AsyncIterator[Any]:
        """The values of the subscription."""
        context = Context(self.desk.services, actor=self.actor)
        stream: Any = subscribe(platform_schema(), parse(FOLLOW), context_value=context, variable_values=variables)
        stream = await stream if not hasattr(stream, "__aiter__") else stream
        async with aclosing(stream):
            async for result in stream:
                assert result.errors is None
                yield decoded(result.data)["taskRuns"]


@pytest.fixture
async def client(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        yield Client(desk, await desk.add_actor(Role.RISK_MANAGER))


async def stored() -> list[tuple[Any, ...]]:
    """Everything that a refusal must leave alone."""
    tables = ("scheduled_tasks", "task_runs", "audit_entries")
    return [tuple(row) for table in tables for row in await fetch(f"SELECT * FROM {table} ORDER BY 1")]


async def test_all_tasks_are_listed_before_the_first_worker_starts(client: Client) -> None:
    tasks = await client.ask(LIST)
    assert [task["name"] for task in tasks] == sorted(DEFINITIONS)
    proof = await client.task(BOOK_PROOF)
    definition = DEFINITIONS[BOOK_PROOF]
    assert datetime.fromisoformat(proof.pop("nextRunAt")) > datetime.now(UTC)
    assert proof == {
        "name": BOOK_PROOF, "description": definition.description, "trigger": "INTERVAL", "intervalSeconds": 3600,
        "cron": None, "timezone": "UTC", "enabled": True, "timeoutSeconds": definition.timeout_seconds,
        "maxRetries": definition.max_retries, "catchUp": True, "version": 0, "lastRun": None, "runs": [],
    }  # fmt: skip


async def test_a_task_is_changed_paused_and_resumed(client: Client) -> None:
    cron = {"name": BOOK_PROOF, "cron": "30 2 * * *", "timezone": "Europe/London", "timeoutSeconds": 120}
    changed = await client.ask(UPDATE, i=cron)
    assert changed["version"] == 1
    assert (changed["trigger"], changed["cron"], changed["timezone"]) == ("CRON", "30 2 * * *", "Europe/London")
    assert (changed["intervalSeconds"], changed["timeoutSeconds"]) == (None, 120)
    assert datetime.fromisoformat(changed["nextRunAt"]).astimezone(ZoneInfo("Europe/London")).time() == time(2, 30)
    # The same again changes nothing.
    assert (await client.ask(UPDATE, i=cron | {"expectedVersion": 1}))["version"] == 1
    paused = await client.ask(UPDATE, i={"name": BOOK_PROOF, "enabled": False})
    assert (paused["enabled"], paused["nextRunAt"], paused["version"]) == (False, None, 2)
    back = await client.ask(UPDATE, i={"name": BOOK_PROOF, "enabled": True, "intervalSeconds": 3600})
    assert (back["trigger"], back["enabled"], back["version"]) == ("INTERVAL", True, 3)
    assert datetime.fromisoformat(back["nextRunAt"]) > datetime.now(UTC)
    assert await client.task(BOOK_PROOF) == back
    entries = await audited("updateScheduledTask")
    assert [(entry[0], entry[1]) for entry in entries] == [
        (client.actor.email, f"scheduledTask:{BOOK_PROOF}") for _ in range(3)
    ]


REFUSALS: list[tuple[dict[str, Any], tuple[str, str | None]]] = [
    ({"cron": "0 0 31 2 *"}, ("BAD_USER_INPUT", "cron")),
    ({"cron": "hourly"}, ("BAD_USER_INPUT", "cron")),
    ({"cron": "0 0 * * *", "timezone": "Moon/Base"}, ("BAD_USER_INPUT", "timezone")),
    ({"timezone": "Europe/London"}, ("BAD_USER_INPUT", "timezone")),
    ({"intervalSeconds": 0}, ("BAD_USER_INPUT", "intervalSeconds")),
    ({"timeoutSeconds": 100_000}, ("BAD_USER_INPUT", "timeoutSeconds")),
    ({"maxRetries": 99}, ("BAD_USER_INPUT", "maxRetries")),
    ({"name": "make-money"}, ("NOT_FOUND", "name")),
    ({"name": "\0"}, ("NOT_FOUND", "name")),
    ({"enabled": False, "expectedVersion": 7}, ("CONFLICT", None)),
]


async def test_an_invalid_change_is_refused_and_changes_nothing(client: Client) -> None:
    before = await stored()
    for change, refusal in REFUSALS:
        assert await client.ask(UPDATE, i={"name": BOOK_PROOF} | change) == refusal, change
    assert await client.ask(RUN, name="make-money") == ("NOT_FOUND", "name")
    assert await client.ask(RUNS, task="make-money") == ("NOT_FOUND", "task")
    assert await stored() == before


async def test_non_administrators_cannot_see_or_change_tasks(client: Client) -> None:
    before = await stored()
    for role in (Role.VIEWER, Role.TRADER):
        actor = await client.desk.add_actor(role)
        for query, variables in (
            (LIST, {}), (RUNS, {}), (RUN, {"name": BOOK_PROOF}), (UPDATE, {"i": {"name": BOOK_PROOF}})
        ):  # fmt: skip
            assert await client.ask(query, actor, **variables) == ("FORBIDDEN", None)
    assert await stored() == before


async def test_a_run_is_requested_followed_and_listed(client: Client) -> None:
    bus = client.desk.services.bus
    await client.ask(UPDATE, i={"name": BOOK_PROOF, "enabled": False})
    async with aclosing(client.follow(task=BOOK_PROOF)) as changes:
        # A paused task runs when it is asked for; asking again is the same run while it waits.
        run = await client.ask(RUN, name=BOOK_PROOF)
        assert run == await client.ask(RUN, name=BOOK_PROOF) | {"id": run["id"]}
        assert (run["state"], run["cause"], run["attempt"]) == ("QUEUED", "REQUEST", 1)
        assert (run["requestedBy"], run["startedAt"]) == (client.actor.email, None)
        (queued,) = await take(changes, 1)
        assert (queued["id"], queued["state"]) == (run["id"], "QUEUED")
        run_id = UUID(run["id"])
        attempt = await attempts.take_run(bus, DEFINITIONS, run_id, "me", LEASE)
        assert attempt is not None
        assert await client.ask(RUN, name=BOOK_PROOF) == ("CONFLICT", None)
        await attempts.succeed(bus, attempt, {"proved": 3})
        told = await take(changes, 2)
        assert [change["state"] for change in told] == ["RUNNING", "SUCCEEDED"]
        assert told[1]["result"] == {"proved": 3}
    page = await client.ask(RUNS, task=BOOK_PROOF, states=["SUCCEEDED", "FAILED"], first=1)
    (edge,) = page["edges"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (1, False)
    assert (edge["node"]["id"], edge["node"]["result"], edge["node"]["error"]) == (run["id"], {"proved": 3}, None)
    assert edge["node"]["durationMs"] >= 0
    task = await client.task(BOOK_PROOF)
    assert task["lastRun"] == {"id": run["id"], "state": "SUCCEEDED"}
    assert task["runs"] == [{"id": run["id"]}]


async def test_history_pages_both_ways_and_pausing_skips_waiting_runs(client: Client) -> None:
    ids = []
    for name in sorted(DEFINITIONS)[:3]:
        ids.append((await client.ask(RUN, name=name))["id"])
        await client.ask(UPDATE, i={"name": name, "enabled": False})
    first = await client.ask(RUNS, first=2)
    assert [edge["node"]["id"] for edge in first["edges"]] == ids[:0:-1]
    second = await client.ask(RUNS, first=2, after=first["pageInfo"]["endCursor"])
    assert [(edge["node"]["id"], edge["node"]["state"]) for edge in second["edges"]] == [(ids[0], "SKIPPED")]
    assert second["edges"][0]["node"]["error"] == "The task was paused before this run started."
    assert (await client.ask(RUNS, first=501)) == ("BAD_USER_INPUT", "first")
    assert (await client.ask("{ scheduledTasks { runs(first: 101) { id } } }")) == ("BAD_USER_INPUT", "first")
