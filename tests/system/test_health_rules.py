"""States that follow from facts, and loads of several processes as one."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.values import Address
from adapters.wiring import ProcessServices
from domain.orders.exchange.paper import PAPER
from domain.system import health
from domain.system.health import ComponentHealth, ComponentState, FeedFacts, RoleFacts, VenueFacts, WorkerFacts
from domain.system.process_load import WINDOW_SECONDS, LoadWindow, ProcessLoad, combined, percentile_ms
from workers.engine import ROLES

UP, DEGRADED, DOWN = ComponentState
PLAYED = RoleFacts(is_locked=True, silent_seconds=0.5, allowed_seconds=6)
STALE = timedelta(seconds=30)
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def quoted(seconds: int) -> FeedFacts:
    """One symbol whose newest quote is so old."""
    age = timedelta(seconds=seconds)
    return FeedFacts(True, age, age, symbols=1, stale=int(age > STALE))


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (health.of_schedule(None), UP),
        (health.of_schedule(timedelta(seconds=60)), UP),
        (health.of_schedule(timedelta(seconds=61)), DEGRADED),
        (health.of_schedule(timedelta(minutes=11)), DOWN),
        (health.of_commands("paper", None), UP),
        (health.of_commands("paper", timedelta(seconds=6)), DEGRADED),
        (health.of_commands("paper", timedelta(seconds=31)), DOWN),
        (health.of_server("redis", 3.0), UP),
        (health.of_server("redis", 1_500.0), DEGRADED),
        (health.of_server("redis", None), DOWN),
        (health.of_role("feed", PLAYED), UP),
        (health.of_role("feed", replace(PLAYED, silent_seconds=3.1)), DEGRADED),
        (health.of_role("feed", replace(PLAYED, silent_seconds=8.1)), DOWN),
        (health.of_role("feed", replace(PLAYED, silent_seconds=8.1, allowed_seconds=20)), UP),
        (health.of_role("feed", replace(PLAYED, is_locked=False)), DOWN),
        (health.of_role("feed", replace(PLAYED, trouble="It has stopped.")), DEGRADED),
        (health.of_role("feed", RoleFacts()), DOWN),
        (health.of_venue("x", PLAYED, VenueFacts()), UP),
        (health.of_venue("x", RoleFacts(), VenueFacts()), DOWN),
        (health.of_venue("x", replace(PLAYED, trouble="It is away."), VenueFacts()), DOWN),
        (health.of_venue("x", PLAYED, VenueFacts(request_age=timedelta(seconds=31))), DEGRADED),
        (health.of_venue("x", PLAYED, VenueFacts(differences=2)), DEGRADED),
        (health.of_venue("x", PLAYED, VenueFacts(command_age=timedelta(seconds=31))), DEGRADED),
        (health.of_workers([]), DOWN),
        (health.of_workers([WorkerFacts(False, 0.5)]), DOWN),
        (health.of_workers([WorkerFacts(True, 10.1)]), DOWN),
        (health.of_workers([WorkerFacts(True, 3.1)]), DEGRADED),
        (health.of_workers([WorkerFacts(True, 0.5, "No queue.")]), DEGRADED),
        (health.of_workers([WorkerFacts(True, 0.5), WorkerFacts(True, 60.0), WorkerFacts(True, 0.5, "No.")]), UP),
        (health.of_proof(None, None, NOW), UP),
        (health.of_proof("FAILED", NOW, NOW), DOWN),
        (health.of_proof("SUCCEEDED", NOW - timedelta(hours=4), NOW), DEGRADED),
        (health.of_proof("SUCCEEDED", NOW - timedelta(hours=1), NOW), UP),
        (health.of_disk(50.0), UP),
        (health.of_disk(90.0), DEGRADED),
        (health.of_disk(96.0), DOWN),
        (health.of_migrations([]), UP),
        (health.of_migrations(["0002_more"]), DOWN),
        (health.of_feed("X", quoted(30), STALE), UP),
        (health.of_feed("X", quoted(31), STALE), DEGRADED),
        (health.of_feed("X", quoted(301), STALE), DOWN),
        (health.of_feed("X", replace(quoted(301), is_open=False), STALE), UP),
        (health.of_bus(3.0), UP),
        (health.of_bus(1_500.0), DEGRADED),
        (health.of_bus(None), DEGRADED),
    ],
)
def test_the_state_of_a_component_follows_from_its_facts(found: ComponentHealth, state: ComponentState) -> None:
    assert found.state is state
    assert state is UP or found.detail


@pytest.mark.parametrize(
    ("database", "other", "state"),
    [
        (UP, UP, UP),
        (UP, DEGRADED, DEGRADED),
        (UP, DOWN, DEGRADED),
        (DOWN, UP, DOWN),
        (DEGRADED, UP, DEGRADED),
    ],
)
def test_the_platform_is_down_only_without_its_database(
    database: ComponentState, other: ComponentState, state: ComponentState
) -> None:
    parts = [ComponentHealth("postgresql", database), ComponentHealth("redis", other)]
    assert health.whole(parts) is state


def test_the_health_roles_are_those_of_the_engine(desk_services: ProcessServices) -> None:
    played = {role for parts in ROLES.values() for role, _ in parts(desk_services)}
    assert set(health.engine_roles([PAPER])) == played
    desk_services.settings = replace(desk_services.settings, fix=Address("127.0.0.1", 9880))
    played = {role for parts in ROLES.values() for role, _ in parts(desk_services)}
    assert set(health.engine_roles([PAPER], accepts_fix=True)) == played


@pytest.mark.parametrize("accepts_fix", [False, True])
def test_the_same_components_are_listed_without_the_database(*, accepts_fix: bool) -> None:
    venues = ["paper", "far"]
    roles = dict.fromkeys(health.engine_roles(venues, accepts_fix=accepts_fix), PLAYED)
    seen = health.of_facts(venues, roles, health.Facts(NOW, None, {}, [], None, None))
    unseen = health.unseen(venues, accepts_fix=accepts_fix)
    assert {part.name for part in unseen} == {part.name for part in seen}
    assert {part.state for part in unseen} == {DEGRADED}


def test_orders_are_possible_while_the_roles_of_the_paper_venue_are_running() -> None:
    played = [ComponentHealth(f"role:{role}", UP) for role in health.engine_roles(["paper", "far"])]
    assert health.is_trading(played)
    assert health.is_trading([part for part in played if part.name != "role:venue:far"])
    for role in health.engine_roles([PAPER]):
        assert not health.is_trading([part for part in played if part.name != f"role:{role}"])


def test_every_component_kind_has_a_desk_label_and_a_runbook_line() -> None:
    root = Path(__file__).parents[2]
    runbook = (root / "docs/operations.md").read_text(encoding="utf-8")
    parts = [
        *health.unseen([PAPER]),
        *(ComponentHealth(name, UP) for name in ("postgresql", "redis", "events", "disk")),
    ]
    kinds = {part.name.partition(":")[0] for part in parts} | {"feed"}
    for language in ("en", "zh"):
        words = (root / f"web/desk/src/i18n/{language}/pages.ts").read_text(encoding="utf-8")
        (named,) = re.findall(r"^    part: \{(.*)\},$", words, re.MULTILINE)
        assert set(re.findall(r"(\w+): '", named)) == kinds
    for kind in kinds:
        assert re.search(rf"^\| `{kind}[:`]", runbook, re.MULTILINE), kind


def test_a_window_counts_the_last_full_seconds() -> None:
    window = LoadWindow()
    for second in range(30):
        window.answered(second + 0.5, 0.010, failed=second % 2 == 0)
    load = window.load(30.2, subscriptions=3)
    assert (load.operations, load.errors, load.subscriptions) == (WINDOW_SECONDS, 5, 3)
    assert window.load(100.0, 0) == combined([])
    # The running second is not over.
    assert window.load(29.9, 0).operations == WINDOW_SECONDS


@given(st.lists(st.floats(0.000_2, 200.0), min_size=1, max_size=200), st.integers(1, 4))
def test_counts_of_processes_add_up_and_percentiles_are_approximate(durations: list[float], processes: int) -> None:
    windows = [LoadWindow() for _ in range(processes)]
    for number, seconds in enumerate(durations):
        windows[number % processes].answered(5.0, seconds, failed=False)
    shown = [ProcessLoad.from_json(window.load(6.0, 1).to_json()) for window in windows]
    whole = combined(shown)
    assert (whole.operations, whole.subscriptions) == (len(durations), processes)
    ordered = sorted(durations)
    for share in (0.5, 0.99):
        exact = ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))] * 1_000
        near = percentile_ms(whole, share)
        assert near is not None
        assert 0.85 < near / exact < 1.15
    assert percentile_ms(combined([]), 0.5) is None
