"""Evidence as its readers see it: no id of an account of somebody else, nor of what is in one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.realtime.streams import ANOMALY_LOG, cursor_of
from domain.access.types import AccountPermission, Actor, Role
from domain.accounts.service import MoveCash, deposit
from domain.anomalies import queries
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.gathering import gather
from domain.anomalies.log import CHANNEL, encode
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.model.types import OrderType, Side
from domain.risk.types import Severity
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking, counted_statements
from tests.support.trading import Platform, platform

LIST = "{ anomalies { edges { node { id evidence } } } }"
ONE = "query ($id: ID!) { anomaly(id: $id) { evidence } }"
NODE = "query ($id: ID!) { node(id: $id) { ... on Anomaly { evidence } } }"
CASES = "{ anomalyCases { edges { node { findings { evidence } } } } }"
STREAM = "subscription ($a: Cursor!) { anomalies(after: $a) { evidence } }"
OTHERS = {"at": "2026-01-05", "secretIds": ["x"], "total": 12.5}


@dataclass
class Ahead:
    """An account that runs ahead of a client, and all ids in a finding about it."""

    desk: Platform
    runner: Actor
    client: Actor
    evidence: dict[str, Any]
    own: dict[str, Any]
    anomaly: Anomaly


async def _filled(desk: Platform, owner: Actor, account_id: UUID) -> tuple[str, str, str]:
    """A filled order, its execution, and a deposit, of one account."""
    terms = {"account_id": account_id, "side": Side.BUY, "quantity": Decimal(1), "type": OrderType.MARKET}
    (order,) = await desk.place(owner, command(**terms))
    await desk.filled(order.id, "1")
    (row,) = await fetch("SELECT id FROM executions WHERE order_id = $1", order.id)
    paid = await deposit(desk.services.bus, owner, MoveCash(account_id, Decimal(5), "evidence"))
    return str(order.id), str(row["id"]), str(paid.id)


async def _tell(desk: Platform, anomaly: Anomaly) -> Anomaly:
    """Store a finding and publish it on the bus, like a run of the detectors."""
    async with unit_of_work(desk.services.bus) as work:
        head = await queries.lock_head(work)
        told = await gather(work, [replace(anomaly, sequence=head + 1, detected_at=work.now)])
        await queries.append(work, told)
        await queries.save_head(work, head + 1)
        work.publish(CHANNEL, encode(told))
    return told[0]


@pytest.fixture
async def ahead(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Ahead]:
    async with platform(database_url, redis_url, tmp_path) as desk:
        await desk.add_instrument(replace(SPOT, id=new_id()))
        await desk.quote(SPOT.symbol, "99.99", "100.01")
        runner, own_account = await desk.open_account("10000")
        client, other_account = await desk.open_account("10000")
        own = await _filled(desk, runner, own_account.id)
        other = await _filled(desk, client, other_account.id)
        names = ("orderIds", "executionIds", "transactionIds", "accountIds")
        parts = [(*own, str(own_account.id)), (*other, str(other_account.id))]
        evidence = {name: [one, two] for name, one, two in zip(names, *parts, strict=True)} | OTHERS
        visible = {name: [one] for name, one in zip(names, parts[0], strict=True)} | OTHERS | {"secretIds": []}
        finding = Anomaly(
            id=new_id(), sequence=0, kind=AnomalyKind.FRONT_RUNNING, severity=Severity.WARNING,
            account_id=own_account.id, symbol=SPOT.symbol, component=None, score=7.0, observed=4.0, expected=0.5,
            threshold=5.0, explanation="it ran ahead", evidence=orjson.dumps(evidence).decode(), fingerprint="one",
            detected_at=own_account.created_at, risk_event_id=None,
        )  # fmt: skip
        yield Ahead(desk, runner, client, evidence, visible, await _tell(desk, finding))


@asynccontextmanager
async def _streamed(asking: Asking) -> AsyncIterator[dict[str, Any]]:
    async with asking.listening(STREAM, a=cursor_of(0, ANOMALY_LOG)) as told:
        yield (await anext(told))["evidence"]


def _plain(evidence: Any) -> Any:
    """The evidence as parsed JSON; its text is sent unchanged."""
    return orjson.loads(orjson.dumps(evidence))


async def _everywhere(ahead: Ahead, actor: Actor) -> list[dict[str, Any]]:
    """The evidence as each field shows it to the actor."""
    asking, name = Asking(ahead.desk, actor), str(ahead.anomaly.id)
    (listed,) = (await asking.ask(LIST))["edges"]
    (case,) = (await asking.ask(CASES))["edges"]
    (found,) = case["node"]["findings"]
    one, node = await asking.ask(ONE, id=name), await asking.ask(NODE, id=name)
    async with _streamed(asking) as streamed:
        shown = [listed["node"]["evidence"], found["evidence"], one["evidence"], node["evidence"], streamed]
        return [_plain(each) for each in shown]


async def test_an_owner_sees_no_ids_of_other_owners(ahead: Ahead) -> None:
    assert await _everywhere(ahead, ahead.runner) == [ahead.own] * 5


@pytest.mark.parametrize("role", [Role.RISK_MANAGER, Role.ADMIN])
async def test_readers_of_all_accounts_see_all_evidence(ahead: Ahead, role: Role) -> None:
    manager = await ahead.desk.add_actor(role)
    assert await _everywhere(ahead, manager) == [ahead.evidence] * 5


async def test_a_user_of_both_accounts_sees_the_evidence_of_both(ahead: Ahead) -> None:
    both = replace(ahead.runner, accounts={**ahead.runner.accounts, **ahead.client.accounts})
    assert await _everywhere(ahead, both) == [ahead.evidence | {"secretIds": []}] * 5


async def test_a_client_sees_a_finding_of_another_account_nowhere(ahead: Ahead) -> None:
    asking = Asking(ahead.desk, ahead.client)
    assert await asking.ask(LIST) == {"edges": []}
    assert await asking.ask(ONE, id=str(ahead.anomaly.id)) is None
    assert await asking.ask(NODE, id=str(ahead.anomaly.id)) is None
    assert [edge["node"]["findings"] for edge in (await asking.ask(CASES))["edges"]] in ([], [[]])


async def test_a_list_of_findings_loads_the_names_in_its_evidence_once(
    ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = replace(ahead.runner, accounts={key: frozenset({AccountPermission.READ}) for key in ahead.runner.accounts})
    counts = []
    for number in range(2):
        with counted_statements(monkeypatch) as statements:
            listed = (await Asking(ahead.desk, reader).ask(LIST))["edges"]
        assert [_plain(edge["node"]["evidence"]) for edge in listed] == [ahead.own] * (number + 1)
        counts.append(len(statements.texts))
        await _tell(ahead.desk, replace(ahead.anomaly, id=new_id(), fingerprint=f"again-{number}"))
    assert counts[0] == counts[1]
