"""Signed webhooks for programs, pure, by the public convention "Standard Webhooks".

The signature is HMAC-SHA256 over ``ID.TIMESTAMP.BODY``. A receiver refuses old messages by the timestamp, and ignores
repeated ones by the identifier.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from domain.kernel.time import NANOS_PER_SECOND
from domain.system.notifications.types import Message, Notice

# A receiver refuses messages that are older, or further ahead.
WINDOW = timedelta(minutes=5)
_VERSION = "v1"


class NotAuthentic(Exception):
    """A message with an invalid signature, or one that is too old."""


def body_of(message: Message) -> bytes:
    """The body for a program: the whole notices, and the text for people."""
    return orjson.dumps(
        {
            "type": "notification" if message.notices else "test",
            "timestamp": message.at,
            "data": {
                "id": str(message.id),
                "title": message.title,
                "text": message.text,
                "link": message.link,
                "leftOut": message.left_out,
                "notices": [_notice(notice) for notice in message.notices],
            },
        }
    )


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "topic": notice.topic,
        "severity": notice.severity,
        "at": notice.at,
        "kind": notice.kind,
        "text": notice.text,
        "accountId": None if notice.account_id is None else str(notice.account_id),
        "account": notice.account,
        "symbol": notice.symbol,
        "subjectId": None if notice.subject_id is None else str(notice.subject_id),
        "values": dict(notice.values),
    }


def headers_of(message_id: str, body: bytes, secret: str, at_nanos: int) -> dict[str, str]:
    """The headers of an attempt that is made now."""
    timestamp = str(at_nanos // NANOS_PER_SECOND)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"{_VERSION},{_signature(message_id, timestamp, body, secret)}",
    }


def verify(headers: Mapping[str, str], body: bytes, secret: str, now_nanos: int) -> str:
    """The identifier of a message that is authentic and new enough: what a receiver does.

    Raises:
        NotAuthentic: it is not, or a header is missing.
    """
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        given, at = headers["webhook-signature"].split(), int(timestamp)
    except (KeyError, ValueError):
        raise NotAuthentic("a header is missing") from None
    if abs(now_nanos // NANOS_PER_SECOND - at) > WINDOW.total_seconds():
        raise NotAuthentic("it is too old")
    wanted = f"{_VERSION},{_signature(message_id, timestamp, body, secret)}".encode()
    if not any(hmac.compare_digest(wanted, each.encode()) for each in given):
        raise NotAuthentic("the signature is not of this message")
    return message_id


def _signature(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
