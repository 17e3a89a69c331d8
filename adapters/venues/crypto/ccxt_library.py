"""ccxt, loaded when the first exchange is opened, and its classes adapted to exact books.

The changes and their reasons: docs/adr/0015-exchanges-through-ccxt.md.
"""

import asyncio
import decimal
import functools
import importlib
import json
import logging
from typing import Any, Protocol

from domain.kernel.supervision import HandedTo

EXTRA = ".[ccxt]"


class ExtraMissing(Exception):
    """An exchange is configured and ccxt is not installed; the message gives the remedy."""

    def __init__(self, exchange: str) -> None:
        super().__init__(f"{exchange} is reached through ccxt, which is not installed: .venv/bin/pip install '{EXTRA}'")


class WebSocketClient(Protocol):
    """The used part of ccxt's WebSocket client."""

    futures: dict[str, Any]
    future: Any
    handle_message: Any
    handle_text_or_binary_message: Any
    on_message_callback: Any
    on_error: Any


class _Exact:
    """A class before ccxt's in the order of resolution: numbers stay text, and no message ends a stream silently."""

    def __init__(self, config: Any = None) -> None:
        super().__init__(config or {})  # type: ignore[call-arg]  # the exchange's class comes behind
        self.decimal_to_precision: Any = functools.partial(_aside, vars(self)["decimal_to_precision"])

    def on_json_response(self, text: str) -> Any:
        """Read an answer; ccxt would turn its numbers into floats."""
        return json.loads(text, parse_float=str)

    async def fetch(self, *arguments: Any, **named: Any) -> Any:
        """The exchange's answer. A text that is not JSON is an error; ccxt would turn it into an empty list."""
        answer = await super().fetch(*arguments, **named)  # type: ignore[misc]  # the exchange's class comes behind
        if not isinstance(answer, dict | list):
            raise UnreadableMessage(type(answer).__name__)
        return answer

    def currency_to_precision(self, _code: object, fee: object, _network: object = None) -> str:
        """Any amount as it is. ccxt sums the fees of an order and fails for currencies that no symbol trades."""
        return str(fee)

    def handle_event_stream_terminated(self, client: WebSocketClient, _message: object) -> None:
        """Fail the waiting listeners when the exchange ends the user's stream; ccxt would leave them waiting."""
        client.on_error(StreamEnded())

    def client(self, url: str) -> Any:
        """The connection to an address, guarded when it is new."""
        client: WebSocketClient = super().client(url)  # type: ignore[misc]  # the exchange's class comes behind this one
        if "handle_message" not in vars(client):
            client.handle_message = functools.partial(_handle, client, client.handle_message)
            client.handle_text_or_binary_message = functools.partial(_read, client)
            client.future = functools.partial(_future, client.future)
        return client


def _aside(function: Any, *arguments: Any, **named: Any) -> Any:
    """Run a function of ccxt that changes the process's rounding, in a context of its own."""
    with decimal.localcontext():
        return function(*arguments, **named)


class StreamEnded(Exception):
    """The exchange has ended a stream."""


class UnreadableMessage(Exception):
    """A message of the exchange could not be read; its text is not repeated."""


def exact_class(exchange: str) -> type[Any]:
    """The library's class of an exchange, with exact numbers.

    Raises:
        ExtraMissing: ccxt is not installed.
    """
    try:
        module = importlib.import_module("ccxt.pro")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "ccxt":
            raise
        raise ExtraMissing(exchange) from None
    # At the debug level it logs requests with their headers and signatures.
    logging.getLogger("ccxt").setLevel(logging.WARNING)
    return type(f"Exact_{exchange}", (_Exact, getattr(module, exchange)), {})


def _read(client: WebSocketClient, data: str | bytes) -> None:
    """Read a message's text; ccxt would turn its numbers into floats."""
    text = data.decode() if isinstance(data, bytes) else data
    client.on_message_callback(client, json.loads(text, parse_float=str) if text[:1] in "{[" else text)


def _future(make: Any, name: str) -> Any:
    """The future of an awaited name.

    Futures that ccxt makes and nobody awaits pass their failure to the waiting ones.
    """
    future = make(name)
    # Once each, however often it is asked for.
    future.remove_done_callback(_retrieve)
    future.add_done_callback(_retrieve)
    return future


def _retrieve(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


def _handle(client: WebSocketClient, handle: Any, message: object) -> None:
    """Handle a message. An error would end ccxt's loop silently: here it ends the connection with a failure."""
    with HandedTo(lambda error: client.on_error(UnreadableMessage(type(error).__name__))):
        handle(message)
