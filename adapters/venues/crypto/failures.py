"""The meaning of ccxt's exceptions for a request: refused for certain, or unknown.

A refusal is certain only where the exchange itself gave an answer that is listed here. Everything else (a time-out, a
broken connection, a server error, an unreadable answer) may have had its effect.
"""

import json
import re
from collections.abc import Collection
from enum import Enum

from adapters.venues.crypto.dialects import Dialect
from domain.orders.model.types import RejectReason

_MAX_MESSAGE = 300
_ADDRESS = re.compile(r"\b[a-z]+://\S+", re.IGNORECASE)
_MASK = "***"


class Fate(Enum):
    """The fate of a failed request."""

    REFUSED = "the exchange refused it"
    NOT_THERE = "the exchange has no such order, or it is over"
    TOO_MANY = "the exchange refused it because of its rate limit"
    CLOCK = "the exchange refused it because its clock differs from ours"
    UNKNOWN = "nobody knows"


class ExchangeFailure(Exception):
    """A call that failed. Its message holds neither addresses nor credentials."""

    def __init__(self, fate: Fate, reason: RejectReason, message: str) -> None:
        super().__init__(message)
        self.fate = fate
        self.reason = reason
        self.message = message


# By the names of ccxt's classes, the more special ones first: the first that an error is an instance of decides.
_FATES: tuple[tuple[str, Fate, RejectReason], ...] = (
    ("DuplicateOrderId", Fate.UNKNOWN, RejectReason.VENUE_REJECTED),
    ("OrderNotFound", Fate.NOT_THERE, RejectReason.VENUE_REJECTED),
    ("OrderImmediatelyFillable", Fate.REFUSED, RejectReason.POST_ONLY_WOULD_CROSS),
    ("InsufficientFunds", Fate.REFUSED, RejectReason.INSUFFICIENT_FUNDS),
    ("MarketClosed", Fate.REFUSED, RejectReason.MARKET_CLOSED),
    ("ContractUnavailable", Fate.REFUSED, RejectReason.INSTRUMENT_NOT_TRADABLE),
    ("BadSymbol", Fate.REFUSED, RejectReason.INSTRUMENT_NOT_TRADABLE),
    ("DDoSProtection", Fate.TOO_MANY, RejectReason.VENUE_REJECTED),
    ("RateLimitExceeded", Fate.TOO_MANY, RejectReason.VENUE_REJECTED),
    ("InvalidNonce", Fate.CLOCK, RejectReason.VENUE_REJECTED),
    ("InvalidOrder", Fate.REFUSED, RejectReason.VENUE_REJECTED),
    ("AuthenticationError", Fate.REFUSED, RejectReason.VENUE_REJECTED),
    ("BadRequest", Fate.REFUSED, RejectReason.VENUE_REJECTED),
    ("OperationRejected", Fate.REFUSED, RejectReason.VENUE_REJECTED),
    ("ArgumentsRequired", Fate.REFUSED, RejectReason.VENUE_REJECTED),
    ("NotSupported", Fate.REFUSED, RejectReason.UNSUPPORTED_BY_VENUE),
)
# Parts of refusals that say more than the class of the error does.
_REASONS: tuple[tuple[str, RejectReason], ...] = (
    ("LOT_SIZE", RejectReason.INVALID_LOT),
    ("PRICE_FILTER", RejectReason.INVALID_TICK),
    ("NOTIONAL", RejectReason.QUANTITY_OUT_OF_RANGE),
    ("PERCENT_PRICE", RejectReason.PRICE_OUT_OF_LIMITS),
)


def read_failure(error: BaseException, secrets: Collection[str], dialect: Dialect) -> ExchangeFailure:
    """The failure of a request that ended with an exception of ccxt, or any other."""
    if isinstance(error, ExchangeFailure):
        return error
    classes = {each.__name__ for each in type(error).__mro__ if each.__module__.partition(".")[0] == "ccxt"}
    for name, fate, reason in _FATES:
        if name in classes:
            message = _said(error, secrets, dialect.exchange)
            if dialect.duplicate in message:
                # Then it was taken before.
                return ExchangeFailure(Fate.UNKNOWN, reason, "The exchange has an order with this id already.")
            return ExchangeFailure(fate, _special(fate, reason, message), message)
    return ExchangeFailure(Fate.UNKNOWN, RejectReason.VENUE_REJECTED, _unknown(classes))


def _special(fate: Fate, reason: RejectReason, message: str) -> RejectReason:
    if fate is Fate.REFUSED:
        for part, special in _REASONS:
            if part in message:
                return special
    return reason


def _unknown(classes: Collection[str]) -> str:
    """A message of our own: the library's text of a lost answer repeats the signed request."""
    if "RequestTimeout" in classes:
        return "The exchange did not answer in time."
    if "ExchangeNotAvailable" in classes:
        return "The exchange cannot be reached, or said that it had an error."
    if "NetworkError" in classes:
        return "The connection to the exchange was lost."
    return "The exchange's answer could not be understood."


def _said(error: BaseException, secrets: Collection[str], exchange: str) -> str:
    """The exchange's own text, without addresses and credentials."""
    text = str(error).removeprefix(f"{exchange} ")
    start = text.find("{")
    if start >= 0:
        try:
            answer = json.loads(text[start : text.rindex("}") + 1])
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("msg"), str):
            text = answer["msg"]
    text = _ADDRESS.sub("", text)
    for secret in secrets:
        if secret:
            text = text.replace(secret, _MASK)
    return text.strip()[:_MAX_MESSAGE] or "The exchange refused it."
