"""Calendars through the API: listed, made once, and traded by at once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.access.types import Role
from tests.support.asking import Asking
from tests.support.trading import Platform, platform

CREATE = """mutation ($i: CreateCalendarInput!) { createCalendar(input: $i) {
  code name timeZone daysOf closed source lastDay sessions { day opens closes } } }"""
INSTRUMENT = "mutation ($i: CreateInstrumentInput!) { createInstrument(input: $i) { symbol calendar sessionOpen } }"
LIST = "{ calendars { code timeZone daysOf lastDay source } }"
GIVEN: dict[str, Any] = {
    "code": "BERLIN",
    "name": "Berlin, with an evening",
    "timeZone": "Europe/Berlin",
    "sessions": [
        {"opens": "20:00", "closes": "01:00", "day": "EVENING_BEFORE"},
        {"opens": "09:00", "closes": "17:30"},
    ],
    "closed": ["2026-12-24"],
    "source": "The exchange's page of hours",
}


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as opened:
        yield opened


def terms(symbol: str, calendar: str) -> dict[str, Any]:
    shared = {"exchange": "LAB", "assetClass": "FUTURE", "currency": "EUR", "tickSize": "0.5", "lotSize": "1"}
    return shared | {"symbol": symbol, "calendar": calendar}


async def test_a_calendar_is_created_once_and_usable_at_once(desk: Platform) -> None:
    admin = Asking(desk, desk.admin)
    refused = await admin.refusal(INSTRUMENT, i=terms("EARLY", "BERLIN"))
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.calendar")
    made = await admin.ask(CREATE, i=GIVEN)
    assert made.pop("lastDay") > "2028-01-01"
    assert made == GIVEN | {
        "daysOf": None,
        "sessions": [GIVEN["sessions"][0], GIVEN["sessions"][1] | {"day": "SAME_DAY"}],
    }
    assert (await admin.ask(INSTRUMENT, i=terms("LATE", "BERLIN")))["calendar"] == "BERLIN"
    refused = await admin.refusal(CREATE, i=GIVEN)
    assert (refused["code"], refused["field"]) == ("CONFLICT", "input.code")
    codes = {row["code"]: row for row in await admin.ask(LIST)}
    assert {"BERLIN", "24/5", "CMES", "SHFE", "DCE", "CZCE", "INE"} <= set(codes)
    assert all(row["source"] for row in codes.values())
    assert codes["SHFE"]["daysOf"] == "XSHG"
    for calendar in ("SHFE", "DCE", "CZCE", "INE", "CFFEX", "CMES", "24/5", "XNYS"):
        assert (await admin.ask(INSTRUMENT, i=terms(f"ON-{calendar[:2]}.{calendar}", calendar)))["calendar"] == calendar


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"code": "24/7"}, "CONFLICT", "code"),
        ({"code": "24/5"}, "CONFLICT", "code"),
        ({"code": "XNYS"}, "CONFLICT", "code"),
        ({"code": "no space"}, "BAD_USER_INPUT", "code"),
        ({"code": "X" * 21}, "BAD_USER_INPUT", "code"),
        ({"timeZone": "Moon/Base"}, "BAD_USER_INPUT", "timeZone"),
        ({"daysOf": "MOON"}, "BAD_USER_INPUT", "daysOf"),
        ({"sessions": []}, "BAD_USER_INPUT", "sessions"),
        ({"sessions": [{"opens": "25:00", "closes": "01:00"}]}, "BAD_USER_INPUT", "sessions.0"),
    ],
)
async def test_invalid_calendars_are_refused(desk: Platform, changes: dict[str, Any], code: str, field: str) -> None:
    admin = Asking(desk, desk.admin)
    before = await admin.ask(LIST)
    refused = await admin.refusal(CREATE, i=GIVEN | changes)
    assert (refused["code"], refused["field"]) == (code, f"input.{field}")
    assert await admin.ask(LIST) == before


async def test_only_an_administrator_creates_calendars(desk: Platform) -> None:
    trader = Asking(desk, await desk.add_actor(Role.RISK_MANAGER))
    assert (await trader.refusal(CREATE, i=GIVEN))["code"] == "FORBIDDEN"
