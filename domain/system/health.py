"""Health of the platform and its components, pure: measured facts in, states out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.orders.exchange.paper import PAPER

# A task that is so late has no worker, or none that keeps up.
LATE_TASK = timedelta(seconds=60)
STUCK_TASK = timedelta(minutes=10)
# A venue takes commands within milliseconds while its engine works.
SLOW_COMMAND = timedelta(seconds=5)
STUCK_COMMAND = timedelta(seconds=30)
OLD_PROOF = timedelta(hours=3)
# A role's holder, or a worker, gives a sign of life once a second.
QUIET_WORKER_SECONDS = 3.0
SILENT_WORKER_SECONDS = 10.0
# A holder that is silent for longer than it may be has been taken over from by then.
_TAKEOVER_SECONDS = 2.0
SLOW_ANSWER_MS = 1_000.0
# A venue answers a request within a second or two.
LATE_ANSWER = timedelta(seconds=30)
# After so many times the age at which a quote is stale, a feed counts as down.
_STALE_TIMES = 10
FULL_DISK_PERCENT = 95.0
FILLING_DISK_PERCENT = 85.0


class ComponentState(StrEnum):
    """The state of a component. DEGRADED: it works, and an operator should look. DOWN: it does not work."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


_RANK = {state: place for place, state in enumerate(ComponentState)}


def rank(state: ComponentState) -> int:
    """The place of a state: 0 is the best."""
    return _RANK[state]


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
class RoleFacts:
    """A role of the engine: the lock of its holder, the time since its last progress, and the holder's complaint.

    ``silent_seconds`` is None where nobody ever held the role, ``allowed_seconds`` the longest silence of its holder.
    """

    is_locked: bool = False
    silent_seconds: float | None = None
    allowed_seconds: int = 0
    trouble: str | None = None

    @property
    def state(self) -> ComponentState:
        """UP while it makes progress, DEGRADED after half of the allowed silence, DOWN without a holder."""
        if not self.is_locked or self.silent_seconds is None:
            return ComponentState.DOWN
        if self.silent_seconds > self.allowed_seconds + _TAKEOVER_SECONDS:
            return ComponentState.DOWN
        return ComponentState.DEGRADED if self.silent_seconds > self.allowed_seconds / 2 else ComponentState.UP


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker: whether its process is connected, the time since its last sign of life, and its complaint."""

    is_connected: bool
    silent_seconds: float
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """A venue: how long its oldest command has waited, how long its oldest request is unanswered, open differences."""

    command_age: timedelta | None = None
    request_age: timedelta | None = None
    differences: int = 0


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """The quotes of an exchange's instruments: the ages of the newest and the oldest, their number, those stale."""

    is_open: bool
    newest: timedelta
    oldest: timedelta
    symbols: int
    stale: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts from the database: ages and times are as of ``at``; None where there is nothing."""

    at: datetime
    task_lag: timedelta | None
    venues: Mapping[str, VenueFacts]
    workers: Sequence[WorkerFacts]
    proof_state: str | None
    proved_at: datetime | None


class Steadiness:
    """Reports states of components that have lasted for ``seconds``, so that a short problem is not reported."""

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


def engine_roles(venues: Collection[str], *, accepts_fix: bool = False) -> tuple[str, ...]:
    """The leases that an engine with all its roles holds."""
    order_entry = ("fix",) if accepts_fix else ()
    return ("feed", *(f"venue:{venue}" for venue in sorted(venues)), "monitor", "timers", *order_entry)


def whole(components: Sequence[ComponentHealth]) -> ComponentState:
    """The state of the platform: DOWN when the database is; else the worst of the components, at most DEGRADED."""
    worst = max((one.state for one in components), key=rank, default=ComponentState.UP)
    if worst is not ComponentState.DOWN:
        return worst
    essential = any(one.name == "postgresql" and one.state is ComponentState.DOWN for one in components)
    return ComponentState.DOWN if essential else ComponentState.DEGRADED


def of_server(name: str, latency_ms: float | None) -> ComponentHealth:
    """The state of a server, by the time of its answer; None when it did not answer."""
    if latency_ms is None:
        return ComponentHealth(name, ComponentState.DOWN, detail="It does not answer.")
    if latency_ms > SLOW_ANSWER_MS:
        return ComponentHealth(name, ComponentState.DEGRADED, latency_ms, "It answers slowly.")
    return ComponentHealth(name, ComponentState.UP, latency_ms)


def of_schedule(lag: timedelta | None) -> ComponentHealth:
    """The state of the scheduler, by the delay of the task that is overdue the longest."""
    delay = max(lag or timedelta(), timedelta())
    if delay <= LATE_TASK:
        return ComponentHealth("scheduler", ComponentState.UP, _milliseconds(delay))
    state = ComponentState.DOWN if delay > STUCK_TASK else ComponentState.DEGRADED
    return ComponentHealth("scheduler", state, _milliseconds(delay), f"A task is {_seconds(delay)} late.")


def of_workers(workers: Sequence[WorkerFacts]) -> ComponentHealth:
    """The state of the workers, by their heartbeats: UP while one of them works without a problem."""
    alive = [one for one in workers if one.is_connected and one.silent_seconds <= SILENT_WORKER_SECONDS]
    working = [one for one in alive if one.silent_seconds <= QUIET_WORKER_SECONDS]
    if not alive:
        return ComponentHealth("worker", ComponentState.DOWN, detail="No worker sends heartbeats.")
    latency = 1_000 * min(one.silent_seconds for one in alive)
    if not working:
        return ComponentHealth("worker", ComponentState.DEGRADED, latency, "The last heartbeat is late.")
    troubles = sorted({one.trouble for one in working if one.trouble})
    if troubles and all(one.trouble for one in working):
        return ComponentHealth("worker", ComponentState.DEGRADED, latency, " ".join(troubles))
    silent = sum(one.is_connected for one in workers) - len(working)
    words = f"{len(working)} working" + (f", {silent} silent" if silent > 0 else "")
    return ComponentHealth("worker", ComponentState.UP, latency, f"{words}.")


def of_commands(venue: str, age: timedelta | None) -> ComponentHealth:
    """The state of a venue's command queue, by the age of the oldest."""
    name, waited = f"commands:{venue}", age or timedelta()
    if waited <= SLOW_COMMAND:
        return ComponentHealth(name, ComponentState.UP, _milliseconds(waited))
    state = ComponentState.DOWN if waited > STUCK_COMMAND else ComponentState.DEGRADED
    return ComponentHealth(name, state, _milliseconds(waited), f"A command has waited for {_seconds(waited)}.")


def of_role(role: str, facts: RoleFacts) -> ComponentHealth:
    """The state of an engine role, by its holder and its progress; its latency is the time since the last progress."""
    name, state = f"role:{role}", facts.state
    if state is ComponentState.DOWN:
        return ComponentHealth(name, state, detail="Nobody plays it.")
    latency = 1_000 * (facts.silent_seconds or 0.0)
    if state is ComponentState.DEGRADED:
        return ComponentHealth(name, state, latency, "Its holder makes no progress.")
    if facts.trouble:
        return ComponentHealth(name, ComponentState.DEGRADED, latency, facts.trouble)
    return ComponentHealth(name, state, latency)


def of_venue(venue: str, role: RoleFacts, facts: VenueFacts) -> ComponentHealth:
    """The state of a venue: DOWN when nothing reaches it, DEGRADED when it answers late or its books differ."""
    name = f"venue:{venue}"
    if role.state is ComponentState.DOWN:
        return ComponentHealth(name, ComponentState.DOWN, detail=role.trouble or "No engine is connected to it.")
    if role.trouble:
        return ComponentHealth(name, ComponentState.DOWN, detail=role.trouble)
    if facts.request_age is not None and facts.request_age > LATE_ANSWER:
        detail = f"A request has been unanswered for {_seconds(facts.request_age)}."
        return ComponentHealth(name, ComponentState.DEGRADED, _milliseconds(facts.request_age), detail)
    if facts.differences:
        detail = f"Its books differ from the platform's in {facts.differences} places."
        return ComponentHealth(name, ComponentState.DEGRADED, detail=detail)
    waited = of_commands(venue, facts.command_age)
    return ComponentHealth(name, min(waited.state, ComponentState.DEGRADED, key=rank), waited.latency_ms, waited.detail)


def of_proof(state: str | None, proved_at: datetime | None, now: datetime) -> ComponentHealth:
    """The state of the books, by the newest run of their proof."""
    if state is None:
        return ComponentHealth("books", ComponentState.UP, detail="The books have not been proved yet.")
    if state == "FAILED":
        return ComponentHealth("books", ComponentState.DOWN, detail="The newest proof of the books failed.")
    when = f"They were proved last at {proved_at:%Y-%m-%d %H:%M:%S} UTC." if proved_at is not None else None
    if proved_at is not None and now - proved_at > OLD_PROOF:
        return ComponentHealth("books", ComponentState.DEGRADED, detail=when)
    return ComponentHealth("books", ComponentState.UP, detail=when)


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


def of_feed(exchange: str, facts: FeedFacts, stale_after: timedelta) -> ComponentHealth:
    """The state of an exchange's feed, by the age of its newest quote; an exchange that never quoted has no feed."""
    name, latency = f"feed:{exchange}", _milliseconds(facts.newest)
    if not facts.is_open:
        return ComponentHealth(name, ComponentState.UP, detail="The market is closed.")
    if facts.newest > stale_after:
        state = ComponentState.DOWN if facts.newest > _STALE_TIMES * stale_after else ComponentState.DEGRADED
        return ComponentHealth(name, state, latency, f"The newest quote is {_seconds(facts.newest)} old.")
    words = f"{facts.symbols} quoted, the oldest quote is {_seconds(facts.oldest)} old"
    return ComponentHealth(
        name, ComponentState.UP, latency, f"{words}, {facts.stale} stale." if facts.stale else f"{words}."
    )


def of_bus(latency_ms: float | None) -> ComponentHealth:
    """The state of Redis, by the travel time of a message; None when it did not come back."""
    if latency_ms is None:
        return ComponentHealth("events", ComponentState.DEGRADED, detail="Messages do not arrive; events are polled.")
    if latency_ms > SLOW_ANSWER_MS:
        return ComponentHealth("events", ComponentState.DEGRADED, latency_ms, "Messages arrive late.")
    return ComponentHealth("events", ComponentState.UP, latency_ms)


def of_facts(venues: Collection[str], roles: Mapping[str, RoleFacts], facts: Facts) -> list[ComponentHealth]:
    """The states of the parts that are read from a database with the right schema; ``roles`` are those of engines."""
    nothing = VenueFacts()
    return [
        *(of_role(role, seen) for role, seen in roles.items()),
        *(
            part
            for venue in sorted(venues)
            for part in (
                of_venue(venue, roles[f"venue:{venue}"], facts.venues.get(venue, nothing)),
                of_commands(venue, facts.venues.get(venue, nothing).command_age),
            )
        ),
        of_workers(facts.workers),
        of_schedule(facts.task_lag),
        of_proof(facts.proof_state, facts.proved_at, facts.at),
        of_migrations(()),
    ]


def unseen(venues: Collection[str], *, accepts_fix: bool = False) -> list[ComponentHealth]:
    """The parts that are read from the database, while it does not answer."""
    names = [f"role:{role}" for role in engine_roles(venues, accepts_fix=accepts_fix)]
    names += [f"{kind}:{venue}" for venue in sorted(venues) for kind in ("venue", "commands")]
    names += ["worker", "scheduler", "books", "migrations"]
    detail = "Its state is unknown while the database does not answer."
    return [ComponentHealth(name, ComponentState.DEGRADED, detail=detail) for name in names]


def is_trading(components: Sequence[ComponentHealth]) -> bool:
    """True if an engine plays each role that orders at the paper venue, feeds, limits and timers need."""
    wanted = {f"role:{role}" for role in engine_roles([PAPER])}
    played = {one.name for one in components if one.state is not ComponentState.DOWN}
    return wanted <= played


def _milliseconds(span: timedelta) -> float:
    return span.total_seconds() * 1_000


def _seconds(span: timedelta) -> str:
    return f"{int(span.total_seconds())} seconds"
