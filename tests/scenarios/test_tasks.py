"""Every task that the platform comes with, started and followed by an operator, and done by a worker."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.system.task_definitions import DEFINITIONS, HEALTH
from tests.support.client import ApiError, Client
from tests.support.desk import Desk
from tests.support.installation import Installation, Process
from tests.support.waiting import until

PAUSE = "mutation ($i: UpdateScheduledTaskInput!) { updateScheduledTask(input: $i) { enabled nextRunAt } }"
RUN = "mutation ($name: String!) { runScheduledTask(name: $name) { id state } }"
FOLLOW = "subscription { taskRuns(task: null) { id task state attempt result } }"
LIST = "{ scheduledTasks { name enabled lastRun { id state error } } }"
OVER = {"SUCCEEDED", "FAILED", "TIMED_OUT", "SKIPPED"}


@pytest.fixture
def worker(shared: Installation) -> Iterator[Process]:
    """A worker beside the others, for this file alone."""
    process = shared.worker()
    shared.start(process)
    yield process
    process.stop()


async def test_each_scheduled_task_has_its_effect(admin: Desk, worker: Process) -> None:
    client = admin.client
    for name in DEFINITIONS:
        # So that no time of theirs comes between.
        paused = await client.ask(PAUSE, i={"name": name, "enabled": False})
        assert paused["updateScheduledTask"] == {"enabled": False, "nextRunAt": None}
    async with client.socket() as socket:
        changes = await socket.subscribe(FOLLOW)
        asked = {name: await start(client, name) for name in DEFINITIONS}
        ended = await until(lambda: all_over(client), 60)
        # The subscription had begun long before the last of them was asked for.
        newest = asked[HEALTH] = await start(client, HEALTH)
        told = await changes.until(lambda run: run["id"] == newest and run["state"] in OVER)
    assert (told["state"], told["attempt"], told["result"]["roles"]["venue:paper"]) == ("SUCCEEDED", 1, True)
    assert {name: (run["state"], run["error"]) for name, run in ended.items()} == dict.fromkeys(
        DEFINITIONS, ("SUCCEEDED", None)
    )
    tasks = (await client.ask(LIST))["scheduledTasks"]
    assert {task["name"]: task["lastRun"]["id"] for task in tasks} == asked
    assert {task["enabled"] for task in tasks} == {False}


async def start(client: Client, name: str) -> str:
    """Ask for a run, or find the one that has just begun by itself; its id."""
    try:
        run_id: str = (await client.ask(RUN, name=name))["runScheduledTask"]["id"]
    except ApiError as error:
        return str(error.extensions["runId"])
    return run_id


async def all_over(client: Client) -> dict[str, Any] | None:
    """The newest run of each task, once none is on the way."""
    runs = {task["name"]: task["lastRun"] for task in (await client.ask(LIST))["scheduledTasks"]}
    return runs if all(run is not None and run["state"] in OVER for run in runs.values()) else None
