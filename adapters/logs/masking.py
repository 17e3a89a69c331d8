"""Masks secrets in the log: the last step before an event is written.

It protects against accidents: an address with a password in a driver's message, a header in an exception, a value under
a telling name.
"""

import re
from collections.abc import Callable, Collection, Mapping, MutableMapping
from typing import Any

MASK = "***"
_TELLING = re.compile(r"passw|secret|token|credential|authorization|api_?key|cookie", re.IGNORECASE)
# Names that only look as if: identifiers and counts are wanted in the log.
_HARMLESS = re.compile(r"_(id|at|count|prefix)\Z")
_PATTERNS = (
    # The password of an address, to the last @ before the host ends.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/]*@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"(\bBearer\s+)[^\s'\",;]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(tg_)[A-Za-z0-9_-]{8,}"), rf"\1{MASK}"),
    # How exchanges sign a request, and whose it is.
    (
        re.compile(r"(\b(?:signature|X-MBX-APIKEY|api_?key)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)}]+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), MASK),
)
_MAX_DEPTH = 5
# A secret that is shorter would be found in innocent words.
_MIN_SECRET = 8


def scrub_text(text: str) -> str:
    """``text`` with everything masked that looks like a credential."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The event with its secrets masked, however deep they are: a processor of structlog."""
    return {name: _scrubbed(name, value, 0) for name, value in event.items()}


def scrubber(
    secrets: Collection[str],
) -> Callable[[object, str, MutableMapping[str, Any]], Mapping[str, Any]]:
    """The same processor, which also masks these very values wherever they occur in a text."""
    known = sorted((secret for secret in secrets if len(secret) >= _MIN_SECRET), key=len, reverse=True)
    if not known:
        return scrub
    these = re.compile("|".join(re.escape(secret) for secret in known))

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            return these.sub(MASK, value)
        if isinstance(value, Mapping):
            return {key: mask(each) for key, each in value.items()}
        return [mask(each) for each in value] if isinstance(value, list) else value

    def process(logger: object, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        # Afterwards everything is text, a number, or a list or mapping of such.
        masked: Mapping[str, Any] = mask(scrub(logger, method, event))
        return masked

    return process


def _scrubbed(name: str, value: Any, depth: int) -> Any:
    if value is not None and _TELLING.search(name) and not _HARMLESS.search(name):
        return MASK
    if isinstance(value, str):
        return scrub_text(value)
    if depth < _MAX_DEPTH:
        if isinstance(value, Mapping):
            return {key: _scrubbed(str(key), each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_scrubbed("", each, depth + 1) for each in value]
    return value if isinstance(value, bool | int | float | None) else scrub_text(str(value))
