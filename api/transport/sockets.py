"""All open sockets of one process."""

from starlette.types import Receive, Scope, Send

from api.graphql.runner import Caller, OperationRunner
from api.realtime.hub import Hub
from api.transport.close_codes import TOO_MANY, CloseSocket
from api.transport.listeners import Listeners
from api.transport.origin import OriginPolicy
from api.transport.reading import headers_of
from api.transport.websocket import SocketSession


class Sockets(Listeners[SocketSession]):
    """The ASGI application behind ``/graphql`` for WebSocket."""

    def __init__(self, runner: OperationRunner, hub: Hub, origins: OriginPolicy) -> None:
        super().__init__(runner, runner.limits.sockets_per_user)
        self._hub = hub
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, if its page may open it."""
        if not self._origins.permits(headers_of(scope)):
            # Closed before it was accepted: the handshake is answered with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        session = SocketSession(self._runner, self._hub, scope, receive, send, self._let_in)
        # Read by now, and as large as the rest of the connection.
        scope["headers"] = []
        self.enter(session)
        self._runner.metrics.sockets.inc()
        try:
            await session.run()
        finally:
            self.leave(session)
            self._runner.metrics.sockets.dec()

    def _let_in(self, session: SocketSession, caller: Caller) -> None:
        if not self.admit(session, caller):
            raise CloseSocket(TOO_MANY, "Too many sockets for one user")
