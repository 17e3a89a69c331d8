"""Messages from a stream of bytes, pure. A garbled message is ignored, as in FIX; its number is requested again."""

from collections.abc import Iterator

from adapters.fix.message import BEGIN_STRING, DATA_FIELDS, SOH, Fields, Message
from adapters.fix.tags import Tag

MAX_BODY_BYTES = 65_536
_BEGIN = b"8=FIX"
_LENGTH_DIGITS = 7
_TRAILER_BYTES = 7


class NotFix(Exception):
    """The bytes are no FIX, or of another version: the connection is of no use."""


class Decoder:
    """Takes bytes as they come, and gives whole messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now.

        Raises:
            NotFix: another version, a message beyond 64 KiB, or no FIX at all.
        """
        self._held += data
        while (taken := self._next()) is not None:
            message, length = taken
            del self._held[:length]
            if message is not None:
                yield message

    def _next(self) -> tuple[Message | None, int] | None:
        """A message, or None for bytes to leave out, and the number of bytes; None when more are needed."""
        held = self._held
        start = held.find(_BEGIN)
        if start != 0:
            if start < 0 and len(held) > MAX_BODY_BYTES:
                raise NotFix("no FIX")
            kept = len(held) - len(_BEGIN) + 1 if start < 0 else start
            return (None, kept) if kept > 0 and not _may_begin(held) else None
        mark = held.find(SOH)
        if mark < 0:
            if len(held) > len(_BEGIN) + 10:
                raise NotFix("no FIX")
            return None
        version = bytes(held[2:mark])
        if version != BEGIN_STRING.encode():
            raise NotFix(f"{version[:20].decode(errors='replace')} is not {BEGIN_STRING}")
        return self._whole(mark + 1)

    def _whole(self, start: int) -> tuple[Message | None, int] | None:
        held = self._held
        end = held.find(SOH, start, start + 2 + _LENGTH_DIGITS + 1)
        if end < 0:
            return None if len(held) - start < 2 + _LENGTH_DIGITS + 1 else (None, start)
        digits = bytes(held[start + 2 : end])
        if held[start : start + 2] != b"9=" or not digits.isdigit():
            return None, start
        if int(digits) > MAX_BODY_BYTES:
            raise NotFix(f"a message of {int(digits)} bytes")
        body = end + 1
        trailer = body + int(digits)
        if len(held) < trailer + _TRAILER_BYTES:
            return None
        is_sound = bytes(held[trailer : trailer + _TRAILER_BYTES]) == b"10=%03d\x01" % (sum(held[:trailer]) % 256)
        fields = split(bytes(held[body:trailer])) if is_sound else None
        if fields is None or fields[0][0] != Tag.MSG_TYPE:
            # What stands behind its beginning may be the next message.
            return None, start
        return Message(fields), trailer + _TRAILER_BYTES


def split(body: bytes) -> Fields | None:
    """The fields of a body; None when it is no list of fields."""
    fields: list[tuple[int, str]] = []
    place, length = 0, 0
    while place < len(body):
        equals = body.find(b"=", place)
        tag = body[place:equals]
        if equals < 0 or not tag.isdigit() or len(tag) > _LENGTH_DIGITS:
            return None
        number = int(tag)
        end = equals + 1 + length if number in DATA_FIELDS and length else body.find(SOH, equals)
        if not equals < end < len(body) or body[end : end + 1] != SOH:
            return None
        value = body[equals + 1 : end].decode(errors="surrogateescape")
        fields.append((number, value))
        length = int(value) if value.isdigit() and value.isascii() and len(value) <= _LENGTH_DIGITS else 0
        place = end + 1
    return tuple(fields) or None


def _may_begin(held: bytearray) -> bool:
    return len(held) < len(_BEGIN) and _BEGIN.startswith(held)
