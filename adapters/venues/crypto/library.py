"""ccxt, loaded when the first exchange is opened, and its classes made fit for exact books.

What is changed of them, and why: docs/adr/0015-exchanges-through-ccxt.md.
"""

import asyncio
import decimal
import functools
import importlib
import json
import logging
from typing import Any, Protocol

EXTRA = "tradegraph[ccxt]"


class ExtraMissing(Exception):
    """An exchange is configured and the library that speaks to it is not installed; the message says what to do."""

    def __init__(self, exchange: str) -> None:
        super().__init__(f"{exchange} is reached through ccxt, which is not installed: pip install '{EXTRA}'")


class WebSocketClient(Protocol):
    """What is used of ccxt's WebSocket client."""

    futures: dict[str, Any]
    future: Any
    handle_message: Any
    handle_text_or_binary_message: Any
    on_message_callback: Any
    on_error: Any


class _Exact:
    """Before a class of ccxt in the order of resolution: numbers stay text, and no message ends a stream in silence."""

    def __init__(self, config: Any = None) -> None:
        super().__init__(config or {})  # type: ignore[call-arg]  # the exchange's class comes behind
        self.decimal_to_precision: Any = functools.partial(_aside, vars(self)["decimal_to_precision"])

    def on_json_response(self, text: str) -> Any:
        """Read an answer; ccxt would make floats of its numbers."""
        return json.loads(text, parse_float=str)

    async def fetch(self, *arguments: Any, **named: Any) -> Any:
        """What the exchange answers. Text that is no JSON is no answer; ccxt would make an empty list of it."""
        answer = await super().fetch(*arguments, **named)  # type: ignore[misc]  # the exchange's class comes behind
        if not isinstance(answer, dict | list):
            raise UnreadableMessage(type(answer).__name__)
        return answer

    def currency_to_precision(self, _code: object, fee: object, _network: object = None) -> str:
        """Whatever it is. ccxt adds the fees of an order up and fails for currencies that no symbol trades."""
        return str(fee)

    def handle_event_stream_terminated(self, client: WebSocketClient, _message: object) -> None:
        """The exchange ends the user's stream and keeps the connection; ccxt would leave those who listen waiting."""
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
    """What a function of ccxt answers that changes how this process rounds: of a context of its own."""
    with decimal.localcontext():
        return function(*arguments, **named)


class StreamEnded(Exception):
    """The exchange has ended a stream."""


class UnreadableMessage(Exception):
    """A message of the exchange could not be read; what it said is not repeated."""


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
    """Take a message's text; ccxt would make floats of its numbers."""
    text = data.decode() if isinstance(data, bytes) else data
    client.on_message_callback(client, json.loads(text, parse_float=str) if text[:1] in "{[" else text)


def _future(make: Any, name: str) -> Any:
    """What is awaited under a name. Some that ccxt makes nobody awaits; their failing is told to those who do wait."""
    future = make(name)
    # Once each, however often it is asked for.
    future.remove_done_callback(_retrieve)
    future.add_done_callback(_retrieve)
    return future


def _retrieve(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


def _handle(client: WebSocketClient, handle: Any, message: object) -> None:
    """Take a message. One that fails would end ccxt's loop without a word: it ends the connection aloud instead."""
    try:
        handle(message)
    except Exception as error:  # noqa: BLE001  whatever it was, the stream can no longer be trusted
        client.on_error(UnreadableMessage(type(error).__name__))
