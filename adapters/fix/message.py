"""One FIX message as a value: its type and its fields in order. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from adapters.fix.tags import SessionReject, Tag

BEGIN_STRING = "FIX.4.4"
SOH = b"\x01"
# Fields whose value may hold any byte; the field before each gives its length.
DATA_FIELDS = frozenset({89, 91, 96, 213, 349, 351, 353, 355, 359, 361, 363, 365, 446, 619, 622})
_HEADER = (Tag.SENDER_COMP_ID, Tag.TARGET_COMP_ID, Tag.MSG_SEQ_NUM, Tag.POSS_DUP_FLAG, Tag.SENDING_TIME)
_OF_HEADER = frozenset(
    {*_HEADER, Tag.BEGIN_STRING, Tag.BODY_LENGTH, Tag.MSG_TYPE, Tag.CHECK_SUM, Tag.ORIG_SENDING_TIME}
)
_TERMS = frozenset(
    {
        *(Tag.ACCOUNT, Tag.CL_ORD_ID, Tag.ORIG_CL_ORD_ID, Tag.ORDER_ID, Tag.SYMBOL, Tag.SIDE, Tag.ORDER_QTY),
        *(Tag.ORD_TYPE, Tag.PRICE, Tag.STOP_PX, Tag.TIME_IN_FORCE, Tag.EXPIRE_TIME, Tag.EXEC_INST, Tag.POSITION_EFFECT),
        *(Tag.PEG_OFFSET_VALUE, Tag.PEG_OFFSET_TYPE, Tag.TRANSACT_TIME, Tag.ORD_STATUS_REQ_ID),
        *(Tag.MASS_CANCEL_REQUEST_TYPE, Tag.MASS_STATUS_REQ_ID, Tag.MASS_STATUS_REQ_TYPE),
    }
)
_TIME_FORMS = ("%Y%m%d-%H:%M:%S", "%Y%m%d-%H:%M:%S.%f")
_MAX_DIGITS = 40

Fields = tuple[tuple[int, str], ...]


class Malformed(Exception):
    """A field of a message is missing or not readable: its sender gets a Reject that names the tag."""

    def __init__(self, reason: SessionReject, tag: int, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.tag = tag
        self.text = text


@dataclass(frozen=True, slots=True)
class Message:
    """A message; ``fields`` are all between the body's length and the checksum, the type first."""

    fields: Fields

    @property
    def type(self) -> str:
        """Its type (35)."""
        return self.fields[0][1]

    def get(self, tag: int) -> str | None:
        """The first value of a field; None without it."""
        for key, value in self.fields:
            if key == tag:
                return value
        return None

    def text(self, tag: int) -> str:
        """The value of a field.

        Raises:
            Malformed: it is missing, or empty.
        """
        value = self.get(tag)
        if value is None:
            raise Malformed(SessionReject.REQUIRED_TAG_MISSING, tag, f"Required tag missing: {tag}")
        return value

    def number(self, tag: int) -> int:
        """The whole number in a field.

        Raises:
            Malformed: it is missing, or no whole number.
        """
        value = self.text(tag)
        if not (value.isascii() and value.isdigit() and len(value) < _MAX_DIGITS):
            raise Malformed(SessionReject.INCORRECT_DATA_FORMAT, tag, f"Not a whole number: {tag}")
        return int(value)

    def decimal(self, tag: int) -> Decimal | None:
        """The decimal number in a field; None without it.

        Raises:
            Malformed: it is no decimal number of FIX, which has no exponent.
        """
        value = self.get(tag)
        if value is None:
            return None
        plain = value.isascii() and len(value) <= _MAX_DIGITS and not set(value) - set("0123456789.-")
        try:
            if plain:
                return Decimal(value)
        except InvalidOperation:
            pass
        raise Malformed(SessionReject.INCORRECT_DATA_FORMAT, tag, f"Not a decimal number: {tag}")

    def time(self, tag: int) -> datetime | None:
        """The UTC time in a field; None without it.

        Raises:
            Malformed: it is no UTCTimestamp.
        """
        value = self.get(tag)
        return None if value is None else read_time(value, tag)

    def flag(self, tag: int) -> bool:
        """True if the field says Y.

        Raises:
            Malformed: it is neither Y nor N.
        """
        value = self.get(tag)
        if value not in (None, "Y", "N"):
            raise Malformed(SessionReject.INCORRECT_DATA_FORMAT, tag, f"Neither Y nor N: {tag}")
        return value == "Y"

    def check(self, *required: int) -> None:
        """Check that fields are there, that none of the message is empty, and that no term of an order comes twice.

        Raises:
            Malformed: one is missing, empty or repeated.
        """
        terms: set[int] = set()
        for tag, value in self.fields:
            if not value:
                raise Malformed(SessionReject.TAG_WITHOUT_VALUE, tag, f"Tag specified without a value: {tag}")
            # No repeating group of FIX has these fields in a request: of two values nobody knows which one is meant.
            if required and tag in _TERMS:
                if tag in terms:
                    raise Malformed(SessionReject.TAG_MORE_THAN_ONCE, tag, f"Tag appears more than once: {tag}")
                terms.add(tag)
        for tag in required:
            self.text(tag)

    def body(self) -> Iterator[tuple[int, str]]:
        """Its fields without those of the header."""
        return ((tag, value) for tag, value in self.fields if tag not in _OF_HEADER)


@dataclass(frozen=True, slots=True)
class Header:
    """The parties of a session and the number of a message; ``original_time`` of one that is sent again."""

    sender: str
    target: str
    number: int
    original_time: str | None = None


def encode(kind: str, header: Header, body: Iterable[tuple[int, str]], now: datetime) -> bytes:
    """The bytes of a message."""
    fields: list[tuple[int, str]] = [
        (Tag.MSG_TYPE, kind),
        (Tag.SENDER_COMP_ID, header.sender),
        (Tag.TARGET_COMP_ID, header.target),
        (Tag.MSG_SEQ_NUM, str(header.number)),
    ]
    if header.original_time is not None:
        fields.append((Tag.POSS_DUP_FLAG, "Y"))
    fields.append((Tag.SENDING_TIME, write_time(now)))
    if header.original_time is not None:
        fields.append((Tag.ORIG_SENDING_TIME, header.original_time))
    fields += body
    text = b"".join(b"%d=%b\x01" % (tag, value.encode(errors="surrogateescape")) for tag, value in fields)
    whole = b"8=%b\x019=%d\x01%b" % (BEGIN_STRING.encode(), len(text), text)
    return whole + b"10=%03d\x01" % (sum(whole) % 256)


def write_time(at: datetime) -> str:
    """A UTCTimestamp, to the millisecond."""
    return f"{at.astimezone(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]


def read_time(value: str, tag: int) -> datetime:
    """A UTCTimestamp.

    Raises:
        Malformed: it is none.
    """
    for form in _TIME_FORMS:
        try:
            # FIX allows nine digits behind the second, datetime has six.
            return datetime.strptime(value[:24], form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Malformed(SessionReject.INCORRECT_DATA_FORMAT, tag, f"Not a UTC timestamp: {tag}")


def one_line(text: str, limit: int = 500) -> str:
    """A text fit for a field: without the separator and other control characters, not too long."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:limit] or "-"
