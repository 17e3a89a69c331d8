"""Workers that are killed at any moment: everything is told, and a program that drops what it has is told it once."""

import signal
from pathlib import Path
from random import Random

from domain.kernel.database import fetch
from tests.support.processes import running
from tests.support.receivers import Receiver
from tests.support.telling import add_channel, raise_risk
from tests.support.trading import Platform, environment
from tests.support.waiting import eventually, until

WORKER = "tests.support.telling_worker"


def surroundings(desk: Platform, folder: Path) -> dict[str, str]:
    settings = desk.services.settings
    wanted = environment(settings.database_url, settings.redis_url, folder)
    return wanted | {"TRADEGRAPH_NOTIFY_NETWORKS": "127.0.0.0/8"}


async def all_sent(number: int) -> bool:
    (row,) = await fetch("SELECT count(*) AS number FROM notification_deliveries WHERE state = 'SENT'")
    return bool(row["number"] >= number)


async def test_a_message_of_a_killed_sender_is_sent_again_under_the_same_id(
    desk: Platform, hook: Receiver, tmp_path: Path
) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    hook.gate.clear()
    (event,) = await raise_risk(desk.services)
    with running([], surroundings(desk, tmp_path), WORKER) as worker:
        # It has sent, and does not know yet what became of it.
        await eventually(lambda: len(hook.posts) == 1, 60)
        worker.stop(signal.SIGKILL)
    (later,) = await raise_risk(desk.services)
    hook.gate.set()
    with running([], surroundings(desk, tmp_path), WORKER):
        await until(lambda: all_sent(2), 60)
    first, second, third = hook.posts
    assert first.id == second.id != third.id
    assert first.content["data"]["notices"] == second.content["data"]["notices"]
    assert hook.keys == [f"risk:{event.sequence}", f"risk:{later.sequence}"]


async def test_kills_of_workers_lose_and_double_no_notice(desk: Platform, hook: Receiver, tmp_path: Path) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    random, sequences = Random(7), []
    around = surroundings(desk, tmp_path)
    for _death in range(4):
        with running([], around, WORKER) as worker:
            for _ in range(5):
                sequences += [event.sequence for event in await raise_risk(desk.services, random.randint(1, 40))]
            arrived = len(hook.posts)
            await eventually(lambda before=arrived: len(hook.posts) > before, 60)
            sequences += [event.sequence for event in await raise_risk(desk.services, 20)]
            worker.stop(signal.SIGKILL)
    with running([], around, WORKER):
        await until(lambda: all_sent(len(sequences)), 60)
    assert sorted(hook.keys) == sorted(f"risk:{number}" for number in sequences)
