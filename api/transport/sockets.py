"""All open sockets of one process: their number per user, and the validity of their credentials."""

import asyncio
from collections import Counter
from uuid import UUID

from starlette.types import Receive, Scope, Send

from api.errors import masked
from api.graphql.runner import Caller, OperationRunner
from api.realtime.hub import Hub
from api.transport.origin import OriginPolicy
from api.transport.websocket import TOO_MANY, CloseSocket, Session

_REVIEWED_AT_ONCE = 50


class Sockets:
    """The ASGI application behind ``/graphql`` for WebSocket."""

    def __init__(self, runner: OperationRunner, hub: Hub, origins: OriginPolicy) -> None:
        self._runner = runner
        self._hub = hub
        self._origins = origins
        self._sessions: set[Session] = set()
        self._owners: dict[Session, UUID] = {}
        self._per_user: Counter[UUID] = Counter()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, if its page may open it."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._origins.permits(headers):
            # Closed before it was accepted: the handshake is answered with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        session = Session(self._runner, self._hub, scope, receive, send, self._admit)
        self._sessions.add(session)
        self._runner.metrics.sockets.inc()
        try:
            await session.run()
        finally:
            self._release(session)

    def _admit(self, session: Session, caller: Caller) -> None:
        assert caller.actor is not None
        user_id = caller.actor.user_id
        if self._per_user[user_id] >= self._runner.limits.sockets_per_user:
            raise CloseSocket(TOO_MANY, "Too many sockets for one user")
        self._per_user[user_id] += 1
        self._owners[session] = user_id
        session.frames.own(user_id)

    def _release(self, session: Session) -> None:
        self._sessions.discard(session)
        self._runner.metrics.sockets.dec()
        user_id = self._owners.pop(session, None)
        if user_id is not None:
            self._per_user[user_id] -= 1
            if not self._per_user[user_id]:
                del self._per_user[user_id]

    def rights_changed(self) -> None:
        """Rights may have changed: review all sockets soon."""
        self._changed.set()

    async def watch(self) -> None:
        """Review all sockets whenever rights may have changed, and periodically. Never ends."""
        while True:
            try:
                async with asyncio.timeout(self._runner.limits.access_check_seconds):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            for count, session in enumerate(list(self._sessions)):
                await self._review(session)
                if count % _REVIEWED_AT_ONCE == 0:
                    # What is remembered is answered without waiting, so nobody else would have a turn.
                    await asyncio.sleep(0)

    async def _review(self, session: Session) -> None:
        try:
            await session.review()
        except Exception as error:  # noqa: BLE001  one session's trouble must not keep the others from being looked at
            masked(error, self._runner.context(session.caller or Caller("")))
