"""Encoding of answers."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.kernel.numbers import plain


def encode(answer: Any) -> bytes:
    """JSON of an answer; fields are strings by then, and the JSON scalar may hold decimals, times and ids."""
    return orjson.dumps(answer, default=_fallback)


def _fallback(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")
