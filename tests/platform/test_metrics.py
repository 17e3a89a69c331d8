"""Prometheus metrics: of one process at its own address, of several in one text, and of the platform."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from adapters.metrics.listener import is_token, telling
from adapters.metrics.merging import Merged
from adapters.metrics.process import describe_process
from adapters.metrics.vital import STUCK_SECONDS, Vital
from adapters.redis.process_board import ProcessBoard
from adapters.settings.loading import SettingsError, load_settings
from adapters.settings.values import Address, address
from tests.support.waiting import until

DEPLOY = Path(__file__).parents[2] / "deploy"
TOKEN = "t" * 40
NAME = re.compile(r"\b(?:tradegraph|process|python)_[a-z0-9_]+")


def texts(counts: dict[str, int]) -> dict[str, str]:
    found = {}
    for place, count in counts.items():
        registry = CollectorRegistry()
        Counter("tradegraph_things", "Things.", ("kind",), registry=registry).labels("a").inc(count)
        Gauge("tradegraph_level", "Level.", registry=registry).set(count)
        found[place] = generate_latest(registry).decode()
    return found


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("process", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_of_processes_are_separate_and_each_family_is_declared_once() -> None:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Merged(texts({"0": 3, "1": 4}) | {"2": "no figures at all {"}))
    text = generate_latest(registry).decode()
    assert text.count("# TYPE tradegraph_things_total counter") == 1
    found = samples(text)
    assert (found["tradegraph_things_total", "0"], found["tradegraph_things_total", "1"]) == (3, 4)
    assert found["tradegraph_level", "1"] == 4


async def test_a_process_takes_the_first_free_slot(redis_url: str) -> None:
    async with ProcessBoard(redis_url) as first, ProcessBoard(redis_url) as second, ProcessBoard(redis_url) as third:
        for board in (first, second, first, second):
            await board._take_place()
        assert (first.place, second.place) == ("0", "1")
        await first._client.delete("place:0")
        await third._take_place()
        assert third.place == "0"
        # Whose place was taken meanwhile takes another.
        await first._take_place()
        assert first.place == "2"


def test_metrics_of_a_process_tell_of_its_machine() -> None:
    registry = CollectorRegistry(auto_describe=False)
    describe_process(registry, "worker")

    def value(name: str, **labels: str) -> float:
        found = registry.get_sample_value(f"tradegraph_machine_{name}", labels)
        assert found is not None
        return found

    assert value("cpu_seconds_total", mode="busy") > 0
    assert value("cpu_seconds_total", mode="idle") > 0
    assert 0 < value("memory_available_bytes") < value("memory_bytes")
    assert value("load") >= 0


def test_the_metrics_address_serves_the_metrics_of_a_process_to_token_holders() -> None:
    registry = CollectorRegistry()
    describe_process(registry, "engine")
    with telling(registry, Vital(), Address("127.0.0.1", 0), TOKEN) as port, httpx.Client(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/metrics"
        assert client.get(url).status_code == 401
        assert client.get(url, headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
        assert client.get(f"http://127.0.0.1:{port}/").status_code == 404
        answer = client.get(url, headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert 'tradegraph_build_info{role="engine",version="' in answer.text
    assert "process_resident_memory_bytes" in answer.text
    assert "python_gc_collections_total" in answer.text


async def test_the_metrics_address_serves_health_and_readiness() -> None:
    now, servers = [100.0], {"database": True, "redis": False}
    vital = Vital(lambda: now[0])

    async def check() -> dict[str, bool]:
        return servers

    with telling(CollectorRegistry(), vital, Address("127.0.0.1", 0), TOKEN) as port:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            # It has not asked its servers yet.
            assert (await client.get("/readyz")).status_code == 503
            watching = asyncio.create_task(vital.watch(check))
            await until(lambda: _says(client, {"process": "ok", "database": "ok", "redis": "unavailable"}))
            assert (await client.get("/readyz")).status_code == 503
            servers["redis"] = True
            await until(lambda: _says(client, {"process": "ok", "database": "ok", "redis": "ok"}))
            assert (await client.get("/readyz")).status_code == 200
            watching.cancel()
            alive = await client.get("/healthz")
            assert (alive.status_code, alive.json()) == (200, {"process": "ok"})
            # The loop stands still; the address does not.
            now[0] += STUCK_SECONDS
            assert [(await client.get(page)).status_code for page in ("/healthz", "/readyz")] == [503, 503]


async def _says(client: httpx.AsyncClient, content: dict[str, str]) -> bool:
    return bool((await client.get("/readyz")).json() == content)


def test_a_process_without_a_metrics_address_opens_no_port() -> None:
    with telling(CollectorRegistry(), Vital(), None, "") as port:
        assert port is None


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN[:-1]}"])
def test_a_wrong_metrics_token_is_refused(header: str | None) -> None:
    assert not is_token(header, TOKEN)
    assert not is_token(header, "")


def test_a_public_metrics_address_requires_a_token() -> None:
    with pytest.raises(SettingsError, match="TRADEGRAPH_ENGINE_METRICS: an address that others reach needs"):
        load_settings({"TRADEGRAPH_ENGINE_METRICS": "0.0.0.0:9464"})
    token = {"TRADEGRAPH_METRICS_TOKEN": TOKEN}
    assert load_settings({"TRADEGRAPH_WORKER_METRICS": "0.0.0.0:9464", **token}).worker_metrics == Address(
        "0.0.0.0", 9464
    )
    assert load_settings({"TRADEGRAPH_ENGINE_METRICS": "127.0.0.1:9464"}).engine_metrics == Address("127.0.0.1", 9464)


@pytest.mark.parametrize("text", ["9464", "host:", "host:70000", "two words:1", ":1", "h:-1"])
def test_an_invalid_metrics_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        address(text)


def test_alert_rules_and_dashboard_use_existing_metrics_only() -> None:
    told = set(NAME.findall((Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")))
    board = orjson.loads((DEPLOY / "grafana" / "tradegraph.json").read_bytes())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = (DEPLOY / "prometheus" / "tradegraph.rules.yml").read_text(encoding="utf-8")
    used = set(NAME.findall("\n".join([rules, *expressions])))
    assert used - told == set()
    assert len(board["panels"]) == len({panel["id"] for panel in board["panels"]})


def test_the_dashboard_is_valid_for_grafana() -> None:
    """Read by Grafana's own description of a dashboard, nothing of it is lost and nothing is of another type."""
    board = orjson.loads((DEPLOY / "grafana" / "tradegraph.json").read_bytes())
    read = Dashboard.from_json(board)
    assert read.title == "Tradegraph"
    written = orjson.loads(JSONEncoder().encode(read))
    assert _within(board, written)
    # Panels lie on a grid of 24, and none on another.
    places = [panel["gridPos"] for panel in board["panels"]]
    cells = [(p["x"] + x, p["y"] + y) for p in places for x in range(p["w"]) for y in range(p["h"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def _within(part: Any, whole: Any) -> bool:
    """True if ``whole`` has all that ``part`` has."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and _within(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(_within, part, whole))
    return bool(part == whole)


def test_every_alert_has_a_runbook_line() -> None:
    alerts = re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus" / "tradegraph.rules.yml").read_text(encoding="utf-8"))
    rows = re.findall(
        r"^\| `(Tradegraph\w+)` \|", (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(), re.MULTILINE
    )
    assert rows == alerts


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool (Debian's prometheus)")
def test_promtool_accepts_the_files(tmp_path: Path) -> None:
    rules = DEPLOY / "prometheus" / "tradegraph.rules.yml"
    config = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    token = tmp_path / "token"
    token.write_text(TOKEN)
    (tmp_path / "prometheus.yml").write_text(config.replace("/etc/prometheus/tradegraph-token", str(token)))
    shutil.copy(rules, tmp_path)
    for what, file in (("rules", rules), ("config", tmp_path / "prometheus.yml")):
        done = subprocess.run(["promtool", "check", what, str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
