"""Streams of subscription fields, without a server."""

from contextlib import aclosing
from typing import Any, cast

from api.context import Context
from api.realtime.streams import LogStream
from domain.access.types import Actor
from tests.support.trading import Platform


class _Info:
    """The context of a resolver."""

    def __init__(self, desk: Platform, actor: Actor) -> None:
        self.context = Context(desk.services, actor=actor)


async def stream_of(root: type, name: str, desk: Platform, actor: Actor, **given: Any) -> LogStream[Any, Any]:
    """The stream that a field of ``root`` gives an actor."""
    (field,) = [field for field in cast(Any, root).__strawberry_definition__.fields if field.python_name == name]
    stream = await field.base_resolver.wrapped_func(root(), _Info(desk, actor), **given)
    assert isinstance(stream, LogStream)
    return stream


async def first_of(root: type, name: str, desk: Platform, actor: Actor, count: int, **given: Any) -> list[Any]:
    """The first events of a subscription that begins before the first one."""
    stream = await stream_of(root, name, desk, actor, **given)
    stream.permit(actor)
    found: list[Any] = []
    async with aclosing(LogStream(stream.key, stream.log, stream.view, stream.permit, after=0).__aiter__()) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")
