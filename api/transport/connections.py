"""All connections of one process: their number, the time each may take, and the bytes that may wait for slow readers.

Waiting clients lock nobody out. A connection whose request is not complete, and a socket without a sign-in, give way to
newer ones, oldest first; then idle ones do. A new connection is refused only when all open ones are busy.
"""

import asyncio
from collections.abc import Hashable
from typing import Protocol

from api.limits import RequestLimits
from api.transport.proxies import TrustedProxies
from domain.access.addresses import network_of

SWEEP_SECONDS = 0.5
_NEVER = float("inf")
# What waits is added up again whenever a connection holds so much more than the last time.
_HELD_STEP_BITS = 16


class Guest(Protocol):
    """A connection."""

    @property
    def held(self) -> int:
        """The bytes that wait until the client takes them."""

    @property
    def is_closing(self) -> bool:
        """True if it is being closed."""

    def give_way(self) -> None:
        """Close: it has waited for longest, and another connection needs its place."""

    def expire(self) -> None:
        """Close: its time limit has passed."""

    def abort(self) -> None:
        """Close at once and drop waiting bytes."""


class _Address:
    """The connections of one address (of one /64 network in IPv6)."""

    __slots__ = ("count", "idle", "is_proxy", "waiting")

    def __init__(self, is_proxy: bool) -> None:
        self.is_proxy = is_proxy
        self.count = 0
        self.waiting: dict[ConnectionState, None] = {}
        self.idle: dict[ConnectionState, None] = {}


class ConnectionState:
    """The state of one connection."""

    __slots__ = (
        "_held_seen",
        "address",
        "among",
        "closing_at",
        "deadline",
        "guest",
        "is_idle",
        "owner",
        "stalled_at",
        "untaken",
    )

    def __init__(self, guest: Guest, address: str) -> None:
        self.guest = guest
        self.address = address
        self.owner: Hashable | None = None
        # Among which connections of its address it is, if it is none that works.
        self.among: dict[ConnectionState, None] | None = None
        self.deadline = _NEVER
        self.is_idle = False
        # Since when, and how much, its client has not taken.
        self.stalled_at = _NEVER
        self.untaken = 0
        self.closing_at = _NEVER
        self._held_seen = 0

    @property
    def is_timed(self) -> bool:
        """True if what comes now has a time limit."""
        return self.deadline != _NEVER and not self.is_idle

    def grew(self) -> bool:
        """True if the held bytes have grown enough to be added up again."""
        step = self.guest.held >> _HELD_STEP_BITS
        has_grown, self._held_seen = step > self._held_seen, step
        return has_grown


class Connections:
    """Admits connections, and closes those over a limit of number or time."""

    def __init__(self, limits: RequestLimits, proxies: TrustedProxies | None = None) -> None:
        self.limits = limits
        # Who brings the connections of many: bounded as all are together, not as one address.
        self._proxies = proxies or TrustedProxies(())
        self._places: dict[Guest, ConnectionState] = {}
        self._addresses: dict[str, _Address] = {}
        self._owned: dict[Hashable, set[ConnectionState]] = {}
        # Of all addresses, oldest first.
        self._waiting: dict[ConnectionState, None] = {}
        self._idle: dict[ConnectionState, None] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._places)

    # ------------------------------------------------------------------ coming and going

    def enter(self, guest: Guest, address: str, loop: asyncio.AbstractEventLoop) -> ConnectionState | None:
        """A place for a new connection; None when all open ones are busy."""
        network = network_of(address)
        home = self._addresses.get(network) or _Address(self._proxies.trusts(address))
        most = self.limits.connections if home.is_proxy else self.limits.connections_per_address
        if home.count >= most:
            self._send_away(home.waiting, home.idle)
        if len(self._places) >= self.limits.connections:
            self._send_away(self._waiting, self._idle)
        is_full = home.count >= most or len(self._places) >= self.limits.connections
        if is_full:
            return None
        place = self._places[guest] = ConnectionState(guest, network)
        home.count += 1
        self._addresses[network] = home
        self.wait(place, loop.time() + self.limits.header_seconds)
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep, loop)
        return place

    def replace(self, place: ConnectionState, guest: Guest) -> None:
        """The connection continues under another protocol."""
        del self._places[place.guest]
        place.guest = guest
        self._places[guest] = place

    def leave(self, place: ConnectionState) -> None:
        """The connection is gone, or no longer counts."""
        if self._places.pop(place.guest, None) is None:
            return
        self._move(place, None)
        home = self._addresses[place.address]
        home.count -= 1
        if not home.count:
            del self._addresses[place.address]
        self.own(place, None)

    def _send_away(self, *candidates: dict[ConnectionState, None]) -> None:
        for places in candidates:
            if places:
                place = next(iter(places))
                self.leave(place)
                place.guest.give_way()
                return

    # ------------------------------------------------------------------ what each does

    def wait(self, place: ConnectionState, deadline: float) -> None:
        """Set the ``deadline`` for the client to send a whole request, or to sign in."""
        home = self._addresses[place.address]
        self._move(place, home.waiting)
        place.deadline, place.is_idle = deadline, False
        if len(home.waiting) > self.limits.waiting_per_address and not home.is_proxy:
            self._send_away(home.waiting)

    def rest(self, place: ConnectionState, deadline: float) -> None:
        """Mark the connection as idle; without another request it stays until ``deadline``."""
        home = self._addresses.get(place.address)
        if home is not None and place.guest in self._places:
            self._move(place, home.idle)
        place.deadline, place.is_idle = deadline, True

    def work(self, place: ConnectionState, deadline: float = _NEVER) -> None:
        """Mark the connection as busy; the rest of its request must come by ``deadline``."""
        if place.among is not None:
            self._move(place, None)
        place.deadline, place.is_idle = deadline, False

    def _move(self, place: ConnectionState, among: dict[ConnectionState, None] | None) -> None:
        if place.among is not None:
            del place.among[place]
            self._waiting.pop(place, None)
            self._idle.pop(place, None)
        place.among = among
        if among is not None:
            among[place] = None
            home = self._addresses[place.address]
            (self._idle if among is home.idle else self._waiting)[place] = None

    # ------------------------------------------------------------------ what is held

    def own(self, place: ConnectionState, owner: Hashable | None) -> None:
        """Count its waiting bytes for ``owner`` from now on."""
        if place.owner == owner:
            return
        if place.owner is not None:
            owned = self._owned[place.owner]
            owned.discard(place)
            if not owned:
                del self._owned[place.owner]
        place.owner = owner
        if owner is not None:
            self._owned.setdefault(owner, set()).add(place)

    def holds(self, place: ConnectionState) -> None:
        """Count more waiting bytes; while its owner holds too many, the connection with the most is cut."""
        if not place.grew() or place.guest not in self._places:
            return
        # Who has not signed in has one account with all others of the address.
        owner = place.owner
        owned = self._owned[owner] if owner is not None else self._strangers(place.address)
        held = sum(each.guest.held for each in owned)
        while held > self.limits.held_bytes_per_user and owned:
            most = max(owned, key=lambda each: each.guest.held)
            held -= most.guest.held
            self.leave(most)
            owned.discard(most)
            most.guest.abort()

    def _strangers(self, address: str) -> set[ConnectionState]:
        return {place for place in self._places.values() if place.owner is None and place.address == address}

    def stalls(self, place: ConnectionState, now: float) -> None:
        """Its client takes data more slowly than it is sent."""
        place.stalled_at, place.untaken = now, place.guest.held
        self.holds(place)

    def flows(self, place: ConnectionState) -> None:
        """Its client has caught up."""
        place.stalled_at = _NEVER

    # ------------------------------------------------------------------ time

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for place in list(self._places.values()):
            self._look_at(place, now)
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep, loop) if self._places else None

    def _look_at(self, place: ConnectionState, now: float) -> None:
        if place.guest.is_closing:
            # What it still has to send may never be taken.
            place.closing_at = min(place.closing_at, now)
            if now - place.closing_at > self.limits.stalled_seconds:
                self._cut(place)
        elif now > place.deadline and not (place.is_idle and place.guest.held):
            # An idle client that has not taken its answer yet is not cut off while it takes enough.
            place.deadline = _NEVER
            place.guest.expire()
        elif now - place.stalled_at > self.limits.stalled_seconds:
            held = place.guest.held
            if place.untaken - held < self.limits.stalled_bytes:
                self._cut(place)
            else:
                place.stalled_at, place.untaken = now, held

    def _cut(self, place: ConnectionState) -> None:
        self.leave(place)
        place.guest.abort()
