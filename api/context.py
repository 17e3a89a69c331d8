"""The context of a resolver: the actor, the services and the origin of the operation."""

import asyncio
from collections.abc import Hashable, Iterable
from typing import TypeVar
from uuid import UUID

import strawberry

from api.loaders import Batch, Loaders
from api.requests import RequestRecord
from api.services import Services
from domain.access.types import Actor
from domain.kernel.errors import Unauthenticated
from domain.kernel.ids import new_id

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Context:
    """One operation, or one event of a subscription; ``info.context`` of every resolver."""

    __slots__ = ("_request_id", "actor", "client_address", "loaders", "record", "services", "token")

    def __init__(
        self,
        services: Services,
        *,
        actor: Actor | None = None,
        token: str | None = None,
        client_address: str = "",
        record: RequestRecord | None = None,
    ) -> None:
        self.services = services
        self.actor = actor
        # The bearer token as it came, for what is done with the session itself (logout); never logged.
        self.token = token
        self.client_address = client_address
        self.loaders = Loaders()
        # What the log will say of the request; None where requests are not logged.
        self.record = record
        self._request_id: UUID | None = record.request_id if record is not None else None

    @property
    def request_id(self) -> UUID:
        """The name of this operation in the log, in masked errors and in the audit log; made on first use."""
        if self._request_id is None:
            self._request_id = new_id()
        return self._request_id

    def concerns(self, orders: Iterable[UUID]) -> None:
        """The operation made, changed or cancelled these orders: the log names them."""
        if self.record is not None:
            self.record.concerns(orders)

    def require_actor(self) -> Actor:
        """The actor of the request.

        Raises:
            Unauthenticated: the request has no valid credential.
        """
        if self.actor is None:
            raise Unauthenticated("Sign in first.")
        return self.actor

    async def load(self, batch: Batch[Key, Value], key: Key) -> Value | None:
        """The object of ``key``, loaded together with the other keys that this operation asks ``batch`` for."""
        return await self.loaders.of(batch).load(key)

    async def load_all(self, batch: Batch[Key, Value], keys: Iterable[Key]) -> list[Value]:
        """The same of several keys, in their order; those that name nothing are left out."""
        found = await asyncio.gather(*(self.load(batch, key) for key in keys))
        return [value for value in found if value is not None]

    def fresh(self) -> "Context":
        """The same caller with empty loaders: for the next event of a subscription."""
        return Context(self.services, actor=self.actor, token=self.token, client_address=self.client_address)


Info = strawberry.Info[Context, None]
