"""Metrics of FIX sessions, as Prometheus reads them from the engine."""

from collections.abc import Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.desk import Desk
from tests.support.fix_client import FixPeer
from tests.support.fix_orders import new_key, order
from tests.support.waiting import until

Figures = dict[tuple[str, ...], float]


def figures(port: int) -> Figures:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        (sample.name.removeprefix("tradegraph_fix_"), *labels(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("tradegraph_fix_") and not sample.name.endswith("_created")
    }


def labels(given: dict[str, str]) -> list[str]:
    return [given[name] for name in ("side", "direction", "type") if name in given]


async def test_sessions_messages_resends_and_rejects_are_counted(
    desk: Desk, symbol: str, fix_client: Callable[..., FixPeer], metrics_port: int
) -> None:
    before = figures(metrics_port)
    client = fix_client((await new_key(desk, await desk.open_account("1000")))[0])
    client.expect("logon")
    fix_client("tg_wrong", "NOBODY").expect("admin", lambda told: told[35] == "5")
    client.send("D", order("A1", symbol))
    client.report(type="0", id="A1")
    client.send("D", order("A2", symbol, t55=None))
    client.expect("admin", lambda told: told[35] == "3")
    # It claims to have missed everything.
    client.command(next_in=1)
    client.send("H", {11: "A1", 55: symbol, 54: "1"})
    client.report(type="I")

    def rise(*key: str) -> float:
        return figures(metrics_port).get(key, 0) - before.get(key, 0)

    # Clients of earlier tests may have been cut off since.
    assert figures(metrics_port)["sessions", "client"] >= 1
    assert rise("messages_total", "client", "in", "D") == 2
    assert rise("messages_total", "client", "out", "8") >= 3
    assert rise("rejects_total", "client", "out") == 1
    assert rise("resent_total", "client", "out") >= 2
    assert rise("refused_logons_total") >= 1
    client.kill()

    async def gone() -> bool:
        return figures(metrics_port)["sessions", "client"] == 0

    await until(gone)
