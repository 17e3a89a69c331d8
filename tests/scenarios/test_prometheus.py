"""A real Prometheus, with the configuration and the rules that are delivered, watches a real installation."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from tests.support.client import Client
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation
from tests.support.ports import free_port
from tests.support.processes import ROOT
from tests.support.waiting import until

# Nothing waits for a venue that answers at once, and the first proof of the books comes within the hour.
EMPTY_AT_FIRST = {
    "tradegraph_waiting_commands",
    "tradegraph_oldest_command_seconds",
    "tradegraph_proof_age_seconds",
}
TOKEN = "scrape-token-" * 4
DELIVERED = ROOT / "deploy" / "prometheus"
pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus (Debian's package)")


@contextmanager
def prometheus(folder: Path, targets: dict[str, str]) -> Iterator[httpx.AsyncClient]:
    """A Prometheus that looks twice a second, and fires as soon as something has lasted for a second."""
    folder.mkdir()
    config = (DELIVERED / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "token").write_text(TOKEN)
    for delivered, ours in (
        {"/etc/prometheus/tradegraph-token": str(folder / "token"), "15s": "500ms"} | targets
    ).items():
        assert delivered in config
        config = config.replace(delivered, ours)
    (folder / "prometheus.yml").write_text(config)
    rules = (DELIVERED / "tradegraph.rules.yml").read_text(encoding="utf-8").splitlines()
    quick = ["        for: 1s" if line.strip().startswith("for:") else line for line in rules]
    (folder / "tradegraph.rules.yml").write_text("\n".join(quick))
    port = free_port()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command.append(f"--web.listen-address=127.0.0.1:{port}")
    with open(folder / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


async def ask(client: httpx.AsyncClient, query: str) -> list[Any]:
    try:
        answer = await client.get("/api/v1/query", params={"query": query})
    except httpx.TransportError:
        return []
    result: list[Any] = answer.json()["data"]["result"] if answer.status_code == 200 else []
    return result


async def test_prometheus_sees_every_process_and_an_alert_fires_when_the_engine_dies(
    fresh: Installation, tmp_path: Path
) -> None:
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ("engine", "worker")}
    token = {"TRADEGRAPH_METRICS_TOKEN": TOKEN}
    web = fresh.web(TRADEGRAPH_WEB_PROCESSES="2", **token)
    engine = fresh.engine(TRADEGRAPH_ENGINE_METRICS=addresses["engine"], **token)
    worker = fresh.worker(TRADEGRAPH_WORKER_METRICS=addresses["worker"], **token)
    fresh.start(web, engine, worker)
    targets = {
        "127.0.0.1:8000": urlsplit(web.address).netloc,
        "127.0.0.1:9464": addresses["engine"],
        "127.0.0.1:9465": addresses["worker"],
    }
    async with Client(web.address) as asking:
        for _ in range(40):
            await asking.ask("{ __typename }")
    with prometheus(tmp_path / "prometheus", targets) as client:
        async with client:
            await until(lambda: all_up(client), 60)
            # One target, and both processes of it.
            await until(lambda: seen(client, 'count(process_start_time_seconds{job="tradegraph-web"}) == 2'))
            await until(lambda: seen(client, 'sum(tradegraph_operations_total{outcome="OK"}) >= 40'))
            assert await seen(client, 'tradegraph_build_info{job="tradegraph-engine",role="engine"} == 1')
            assert await seen(client, 'tradegraph_role_played{role="venue:paper"} == 1')
            assert await seen(client, 'tradegraph_lease_held{role="venue:paper"} == 1')
            assert await seen(client, 'tradegraph_component_state{component="postgresql"} == 0')
            assert await seen(client, 'tradegraph_database_connections{job="tradegraph-worker",state="idle"} >= 0')
            await until(lambda: seen(client, 'sum(tradegraph_task_runs_total{job="tradegraph-worker"}) > 0'), 60)
            async with signed_in(web.address) as desk:
                await every_query_of_the_board_has_data(client, desk)
            firing = 'ALERTS{alertstate="firing",alertname="TradegraphRoleUnplayed",component="role:venue:paper"}'
            assert not await seen(client, firing)
            engine.kill()
            await until(lambda: seen(client, firing), 60)
            await until(lambda: seen(client, 'ALERTS{alertstate="firing",alertname="TradegraphEngineDown"}'), 60)
            fresh.start(engine)
            await until(lambda: gone(client, firing), 60)


async def every_query_of_the_board_has_data(client: httpx.AsyncClient, desk: Desk) -> None:
    """Assert that each query of the dashboard has data while an installation trades."""
    board = orjson.loads((ROOT / "deploy" / "grafana" / "tradegraph.json").read_bytes())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    await desk.create_instrument("BOARD-USD")
    account_id = await desk.open_account("10000")

    async def trades() -> None:
        """One order that fills and one that is refused: figures of the last minute are of something."""
        await desk.publish("BOARD-USD", "99", "100")
        filled = await desk.place(account_id, "BOARD-USD", "BUY", "0.001")
        await desk.place(account_id, "BOARD-USD", "BUY", "1000000")
        await desk.settled(filled["id"], "FILLED")

    async def has_data(query: str) -> bool:
        await trades()
        return await seen(client, query)

    for query in queries:
        answer = (await client.get("/api/v1/query", params={"query": query})).json()
        assert answer["status"] == "success", (query, answer)
        if not EMPTY_AT_FIRST & set(re.findall(r"\btradegraph_[a-z_]+", query)):
            try:
                await until(lambda query=query: has_data(query), 120)  # type: ignore[misc]  # the loop's own
            except TimeoutError:
                pytest.fail(f"the board's query finds nothing: {query}")


async def seen(client: httpx.AsyncClient, query: str) -> bool:
    return bool(await ask(client, query))


async def gone(client: httpx.AsyncClient, query: str) -> bool:
    return await seen(client, "up") and not await seen(client, query)


async def all_up(client: httpx.AsyncClient) -> bool:
    return {series["metric"]["job"] for series in await ask(client, "up == 1")} == {
        "tradegraph-web",
        "tradegraph-engine",
        "tradegraph-worker",
    }
