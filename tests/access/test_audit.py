from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import orjson
import pytest

from domain.access.attribution import Origin, coming_from
from domain.access.audit import count_log, page_log, record, record_refusal, target_of
from domain.access.audit_queries import AuditFilter
from domain.access.service import Access
from domain.access.types import SYSTEM, Actor, AuditOutcome, Role
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Forbidden
from domain.kernel.pages import encode_cursor, page_request
from domain.kernel.unit_of_work import unit_of_work
from tests.support.people import audited

ANN = Actor(user_id=UUID(int=1), email="ann@example.com", role=Role.TRADER)
BOT = Actor(user_id=UUID(int=1), email="ann@example.com", role=Role.TRADER, via="api_key", api_key_id=UUID(int=7))
RISK = Actor(user_id=UUID(int=2), email="risk@example.com", role=Role.RISK_MANAGER)
ALL = page_request(parts=1)


async def test_an_audit_entry_commits_with_its_change_or_not_at_all(access: Access) -> None:
    async def fail() -> None:
        async with unit_of_work(access.bus) as work:
            await record(work, ANN, "openAccount", target_of("account", "1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count_log(SYSTEM, AuditFilter()) == 0
    async with unit_of_work(access.bus) as work:
        await record(
            work, ANN, "openAccount", target_of("account", "1"), detail={"cash": Decimal("1.50"), "of": UUID(int=3)}
        )
        at = work.now
    (entry,) = (await page_log(SYSTEM, ALL, AuditFilter())).nodes
    assert (entry.at, entry.actor, entry.action, entry.target) == (at, "ann@example.com", "openAccount", "account:1")
    assert entry.outcome is AuditOutcome.DONE
    assert orjson.loads(entry.detail or "") == {"cash": "1.50", "of": str(UUID(int=3))}


async def test_a_refusal_has_its_own_audit_entry(access: Access) -> None:
    await record_refusal(access.bus, None, "login", "email:x", detail={"address": "192.0.2.1"})
    with coming_from(Origin("192.0.2.1", UUID(int=5))):
        await record_refusal(access.bus, BOT, "placeOrder")
    assert await audited("login") == [("anonymous", "email:x", "REFUSED", '{"address": "192.0.2.1"}')]
    assert await audited("placeOrder") == [("ann@example.com", None, "REFUSED", None)]
    entry = (await page_log(SYSTEM, ALL, AuditFilter())).nodes[0]
    assert (entry.api_key_id, entry.address, entry.request_id) == (UUID(int=7), "192.0.2.1", UUID(int=5))


async def test_an_entry_is_appended_whatever_text_a_client_sent(access: Access) -> None:
    detail = {"field": "a\x00b", "deep": {"\ud800": ["\udfff", 1]}}
    await record_refusal(access.bus, None, "importHistory", target_of("account", "\x00\ud800"), detail=detail)
    (row,) = await fetch("SELECT target, detail FROM audit_entries WHERE action = 'importHistory'")
    assert row["target"] == "account:\ufffd?"
    assert orjson.loads(row["detail"]) == {"field": "a\ufffdb", "deep": {"?": ["?", 1]}}


@pytest.mark.parametrize("name", ["password", "newPassword", "refreshToken", "clientSecret", "credentials"])
async def test_secrets_are_not_recorded_in_the_audit_log(access: Access, name: str) -> None:
    with pytest.raises(ValueError, match="keeps no secrets"):
        async with unit_of_work(access.bus) as work:
            await record(work, ANN, "login", detail={name: "x"})
    assert await count_log(SYSTEM, AuditFilter()) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'somebody else'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "UPDATE audit_entries SET actor = '' WHERE false",
    ],
)
async def test_the_database_refuses_to_change_or_delete_audit_entries(access: Access, statement: str) -> None:
    await record_refusal(access.bus, ANN, "login")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await fetch(statement)
    assert await audited("login") == [("ann@example.com", None, "REFUSED", None)]


async def test_the_audit_log_is_read_newest_first_and_filtered(access: Access) -> None:
    start = datetime.now(UTC)
    for actor, action in ((ANN, "a"), (RISK, "b"), (ANN, "b"), (ANN, "b")):
        await record_refusal(access.bus, actor, action)
    end = datetime.now(UTC)

    async def found(**wanted: object) -> list[tuple[str, str]]:
        page = await page_log(RISK, ALL, AuditFilter(**wanted))  # type: ignore[arg-type]
        assert len(page.nodes) == await count_log(RISK, AuditFilter(**wanted))  # type: ignore[arg-type]
        return [(entry.actor.partition("@")[0], entry.action) for entry in page.nodes]

    assert await found() == [("ann", "b"), ("ann", "b"), ("risk", "b"), ("ann", "a")]
    assert await found(actor=" ann@example.com ") == [("ann", "b"), ("ann", "b"), ("ann", "a")]
    assert await found(action="b", actor="risk@example.com") == [("risk", "b")]
    assert await found(since=start, until=end) == await found()
    assert await found(since=end) == []
    assert await found(until=start) == []
    middle = (await page_log(RISK, ALL, AuditFilter())).nodes[1].at
    assert await found(since=middle) == [("ann", "b"), ("ann", "b")]
    assert await found(until=middle) == [("risk", "b"), ("ann", "a")]

    first = await page_log(RISK, page_request(first=3, parts=1), AuditFilter(actor="ann@example.com", action="b"))
    assert (len(first.nodes), first.has_next) == (2, False)
    first = await page_log(RISK, page_request(first=3, parts=1), AuditFilter())
    rest = await page_log(RISK, page_request(first=3, after=first.end_cursor, parts=1), AuditFilter())
    assert [entry.action for entry in rest.nodes] == ["a"]
    assert (first.has_next, rest.has_next, rest.has_previous) == (True, False, True)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER])
async def test_a_trader_cannot_read_the_audit_log(access: Access, role: Role) -> None:
    ann = Actor(user_id=UUID(int=1), email="ann@example.com", role=role)
    for work in (page_log(ann, ALL, AuditFilter()), count_log(ann, AuditFilter())):
        with pytest.raises(Forbidden, match=r"^This needs the role ADMIN or RISK_MANAGER\.$"):
            await work


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (AuditFilter(actor="a\x00"), "actor"),
        (AuditFilter(action="\ud800"), "action"),
        (AuditFilter(actor=""), "actor"),
        (AuditFilter(action="x" * 1_000_000), "action"),
        (AuditFilter(since=datetime.now(UTC), until=datetime.now(UTC) - timedelta(1)), "to"),
    ],
)
async def test_a_malformed_filter_is_bad_input(access: Access, wanted: AuditFilter, field: str) -> None:
    for work in (page_log(SYSTEM, ALL, wanted), count_log(SYSTEM, wanted)):
        with pytest.raises(BadInput) as refused:
            await work
        assert refused.value.field == field


async def test_a_cursor_of_another_list_is_bad_input(access: Access) -> None:
    with pytest.raises(BadInput):
        await page_log(SYSTEM, page_request(after=encode_cursor("7"), parts=1), AuditFilter())
