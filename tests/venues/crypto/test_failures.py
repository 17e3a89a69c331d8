"""The classification of the library's exceptions: only refusals by the exchange itself count as refused."""

import aiohttp
import ccxt
import pytest

from adapters.venues.crypto.ccxt_library import UnreadableMessage
from adapters.venues.crypto.dialects import DIALECTS
from adapters.venues.crypto.failures import Fate, read_failure
from domain.orders.model.types import RejectReason

BINANCE = DIALECTS["binance"]
KEY, SECRET = "key-of-the-account", "secret-of-the-account"
ANSWER = 'binance {"code":-2010,"msg":"The order is refused."}'
REFUSED = [
    (ccxt.InsufficientFunds, Fate.REFUSED, RejectReason.INSUFFICIENT_FUNDS),
    (ccxt.OrderImmediatelyFillable, Fate.REFUSED, RejectReason.POST_ONLY_WOULD_CROSS),
    (ccxt.MarketClosed, Fate.REFUSED, RejectReason.MARKET_CLOSED),
    (ccxt.BadSymbol, Fate.REFUSED, RejectReason.INSTRUMENT_NOT_TRADABLE),
    (ccxt.InvalidOrder, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.OrderNotFillable, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.AuthenticationError, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.PermissionDenied, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.AccountSuspended, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.BadRequest, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.OperationRejected, Fate.REFUSED, RejectReason.VENUE_REJECTED),
    (ccxt.NotSupported, Fate.REFUSED, RejectReason.UNSUPPORTED_BY_VENUE),
    (ccxt.OrderNotFound, Fate.NOT_THERE, RejectReason.VENUE_REJECTED),
    (ccxt.RateLimitExceeded, Fate.TOO_MANY, RejectReason.VENUE_REJECTED),
    (ccxt.DDoSProtection, Fate.TOO_MANY, RejectReason.VENUE_REJECTED),
    (ccxt.InvalidNonce, Fate.CLOCK, RejectReason.VENUE_REJECTED),
]
UNKNOWN = [
    (ccxt.RequestTimeout, "The exchange did not answer in time."),
    (ccxt.ExchangeNotAvailable, "The exchange cannot be reached, or said that it had an error."),
    (ccxt.OnMaintenance, "The exchange cannot be reached, or said that it had an error."),
    (ccxt.NetworkError, "The connection to the exchange was lost."),
    # What aiohttp meets in the middle of an answer becomes a plain one: the order may have been taken.
    (ccxt.ExchangeError, "The exchange's answer could not be understood."),
    (ccxt.BadResponse, "The exchange's answer could not be understood."),
    (ccxt.OperationFailed, "The exchange's answer could not be understood."),
    (ccxt.CancelPending, "The exchange's answer could not be understood."),
    (aiohttp.ClientPayloadError, "The exchange's answer could not be understood."),
    (UnreadableMessage, "The exchange's answer could not be understood."),
    (KeyError, "The exchange's answer could not be understood."),
    (TimeoutError, "The exchange's answer could not be understood."),
]


@pytest.mark.parametrize(("kind", "fate", "reason"), REFUSED)
def test_errors_of_the_exchange_itself_are_refusals(kind: type[Exception], fate: Fate, reason: RejectReason) -> None:
    failure = read_failure(kind(ANSWER), (SECRET, KEY), BINANCE)
    assert (failure.fate, failure.reason, failure.message) == (fate, reason, "The order is refused.")


@pytest.mark.parametrize(("kind", "message"), UNKNOWN)
def test_any_other_error_leaves_the_outcome_unknown(kind: type[Exception], message: str) -> None:
    failure = read_failure(kind(ANSWER), (SECRET, KEY), BINANCE)
    assert (failure.fate, failure.message) == (Fate.UNKNOWN, message)


def test_every_error_class_of_the_library_is_classified() -> None:
    """A new version's new kind of error counts as unknown until somebody has looked at it."""

    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__() if each.__module__.startswith("ccxt")))

    decided = (*(kind for kind, *_ in REFUSED), ccxt.ArgumentsRequired, ccxt.ContractUnavailable)
    for kind in below(ccxt.BaseError):
        fate = read_failure(kind(ANSWER), (), BINANCE).fate
        assert (fate is Fate.UNKNOWN) == (not issubclass(kind, decided) or kind is ccxt.DuplicateOrderId), kind


def test_a_duplicate_id_error_leaves_the_outcome_unknown() -> None:
    for error in (
        ccxt.DuplicateOrderId(ANSWER),
        ccxt.InvalidOrder('binance {"code":-2010,"msg":"Duplicate order sent."}'),
    ):
        assert read_failure(error, (), BINANCE).fate is Fate.UNKNOWN


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("Filter failure: LOT_SIZE", RejectReason.INVALID_LOT),
        ("Filter failure: PRICE_FILTER", RejectReason.INVALID_TICK),
        ("Filter failure: NOTIONAL", RejectReason.QUANTITY_OUT_OF_RANGE),
        ("Filter failure: PERCENT_PRICE_BY_SIDE", RejectReason.PRICE_OUT_OF_LIMITS),
    ],
)
def test_refusals_carry_the_reason_of_the_exchange(part: str, reason: RejectReason) -> None:
    error = ccxt.InvalidOrder(f'binance {{"code":-1013,"msg":"{part}"}}')
    assert read_failure(error, (), BINANCE).reason is reason


@pytest.mark.parametrize("kind", [kind for kind, *_ in REFUSED] + [kind for kind, _ in UNKNOWN])
def test_error_texts_contain_neither_keys_nor_addresses(kind: type[Exception]) -> None:
    address = "https://api.binance.com/api/v3/order?symbol=X&timestamp=1&signature=0123456789abcdef"
    for text in (
        f"binance POST {address} {KEY} {SECRET}",
        f'binance {{"code":-1,"msg":"{KEY} and {SECRET} at {address}"}}',
        f'binance {{"code":-1,"msg":["{SECRET}"]}}',
    ):
        failure = read_failure(kind(text), (SECRET, KEY), BINANCE)
        assert not any(part in failure.message for part in (KEY, SECRET, "signature", "api.binance.com"))
        assert failure.message
        assert len(failure.message) <= 300
