"""Health of the platform and its components, pure: measured facts in, states out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A task that is so late has no worker, or none that keeps up.
LATE_TASK = timedelta(seconds=60)
STUCK_TASK = timedelta(minutes=10)
# A venue takes commands within milliseconds while its engine works.
SLOW_COMMAND = timedelta(seconds=5)
STUCK_COMMAND = timedelta(seconds=30)
OLD_PROOF = timedelta(hours=3)
FULL_DISK_PERCENT = 95.0
FILLING_DISK_PERCENT = 85.0
SLOW_BUS_MS = 1_000.0


class ComponentState(StrEnum):
    """The state of a component. DEGRADED: it works, and an operator should look. DOWN: it does not work."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


_RANK = {state: rank for rank, state in enumerate(ComponentState)}


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """One component. ``latency_ms`` is None where nothing is measured, ``detail`` a sentence for people."""

    name: str
    state: ComponentState
    latency_ms: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """All components at one moment, and the state of the whole."""

    state: ComponentState
    version: str
    started_at: datetime
    components: tuple[ComponentHealth, ...]
    checked_at: datetime

    @property
    def signature(self) -> tuple[tuple[str, ComponentState], ...]:
        """The states of the components: health is published again when they differ."""
        return tuple((one.name, one.state) for one in self.components)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts from the database: ages and times are as of ``at``; None where there is nothing."""

    at: datetime
    task_lag: timedelta | None
    commands: Mapping[str, timedelta]
    proof_state: str | None
    proved_at: datetime | None
    migrations: Collection[str]


class Steadiness:
    """Tells the states of parts that have lasted for ``seconds``, so that a moment's trouble is no news."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[str, tuple[ComponentState, float]] = {}

    def steady(self, parts: Sequence[ComponentHealth], now: float) -> list[ComponentHealth]:
        """Those of ``parts``, as they are seen at ``now``, that have been so for long enough."""
        for part in parts:
            known = self._since.get(part.name)
            if known is None or known[0] is not part.state:
                self._since[part.name] = (part.state, now)
        return [part for part in parts if now - self._since[part.name][1] >= self._seconds]


def engine_roles(venues: Collection[str]) -> tuple[str, ...]:
    """The leases that an engine with all its roles holds."""
    return ("feed", *(f"venue:{venue}" for venue in sorted(venues)), "monitor", "timers")


def whole(components: Sequence[ComponentHealth]) -> ComponentState:
    """The state of the platform: DOWN when the database is; else the worst of the components, at most DEGRADED."""
    worst = max((one.state for one in components), key=_RANK.__getitem__, default=ComponentState.UP)
    if worst is not ComponentState.DOWN:
        return worst
    essential = any(one.name == "postgresql" and one.state is ComponentState.DOWN for one in components)
    return ComponentState.DOWN if essential else ComponentState.DEGRADED


def of_schedule(lag: timedelta | None) -> ComponentHealth:
    """The state of the scheduler, by the delay of the task that is overdue the longest."""
    if lag is None or lag <= LATE_TASK:
        return ComponentHealth("scheduler", ComponentState.UP)
    state = ComponentState.DOWN if lag > STUCK_TASK else ComponentState.DEGRADED
    return ComponentHealth("scheduler", state, detail=f"A task is {int(lag.total_seconds())} seconds late.")


def of_commands(venue: str, age: timedelta | None) -> ComponentHealth:
    """The state of a venue's command queue, by the age of the oldest."""
    name = f"commands:{venue}"
    if age is None or age <= SLOW_COMMAND:
        return ComponentHealth(name, ComponentState.UP)
    state = ComponentState.DOWN if age > STUCK_COMMAND else ComponentState.DEGRADED
    return ComponentHealth(name, state, detail=f"A command has waited for {int(age.total_seconds())} seconds.")


def of_role(role: str, *, is_played: bool) -> ComponentHealth:
    """The state of an engine role, by its holder and its progress."""
    if is_played:
        return ComponentHealth(f"role:{role}", ComponentState.UP)
    return ComponentHealth(f"role:{role}", ComponentState.DOWN, detail="Nobody plays it.")


def of_proof(state: str | None, proved_at: datetime | None, now: datetime) -> ComponentHealth:
    """The state of the books, by the newest run of their proof."""
    if state is None:
        return ComponentHealth("books", ComponentState.UP, detail="They have not been proved yet.")
    if state == "FAILED":
        return ComponentHealth("books", ComponentState.DOWN, detail="The newest proof failed.")
    if proved_at is not None and now - proved_at > OLD_PROOF:
        return ComponentHealth("books", ComponentState.DEGRADED, detail=f"They were proved last at {proved_at}.")
    return ComponentHealth("books", ComponentState.UP)


def of_disk(percent: float) -> ComponentHealth:
    """The state of the disk under the data folder."""
    state = ComponentState.UP
    if percent > FILLING_DISK_PERCENT:
        state = ComponentState.DOWN if percent > FULL_DISK_PERCENT else ComponentState.DEGRADED
    return ComponentHealth("disk", state, detail=f"{percent:g} % full")


def of_migrations(pending: Collection[str]) -> ComponentHealth:
    """The state of the schema, by the migrations of this release that the database lacks."""
    if not pending:
        return ComponentHealth("migrations", ComponentState.UP)
    return ComponentHealth(
        "migrations", ComponentState.DOWN, detail=f"The database lacks {', '.join(sorted(pending))}."
    )


def of_feed(exchange: str, age: timedelta | None, stale_after: timedelta) -> ComponentHealth:
    """The state of an exchange's feed, by the age of its newest quote; an exchange that never quoted has no feed."""
    name = f"feed:{exchange}"
    if age is None or age <= stale_after:
        return ComponentHealth(name, ComponentState.UP)
    return ComponentHealth(
        name, ComponentState.DEGRADED, detail=f"The newest quote is {int(age.total_seconds())} seconds old."
    )


def of_bus(latency_ms: float | None) -> ComponentHealth:
    """The state of Redis, by the travel time of a message; None when it did not come back."""
    if latency_ms is None:
        return ComponentHealth("events", ComponentState.DEGRADED, detail="Messages do not arrive; events are polled.")
    if latency_ms > SLOW_BUS_MS:
        return ComponentHealth("events", ComponentState.DEGRADED, latency_ms, "Messages arrive late.")
    return ComponentHealth("events", ComponentState.UP, latency_ms)
