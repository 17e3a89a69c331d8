"""Refusal of text and numbers that cannot be stored, at one place, before anything is executed.

It checks every value of a document and of its variables, whatever its use: a filter, an argument, a client's own id. An
area's own rules on texts, such as their length, come on top.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FloatValueNode,
    IntValueNode,
    StringValueNode,
    Visitor,
    visit,
)

from api.errors import RequestError, coded
from api.input_paths import Path, literal_path, place
from domain.kernel.errors import ErrorCode

# More digits than any number that is kept has, written out.
_MAX_DIGITS = 64
_MAX_DEPTH = 64


def is_usable(text: str) -> bool:
    """True if a text can be stored and sent: it holds neither U+0000 nor half of a surrogate pair."""
    if "\x00" in text:
        return False
    # ASCII, as nearly every text is, has no surrogates.
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def check_document(document: DocumentNode) -> None:
    """Check every literal of a document.

    Raises:
        RequestError: one of them cannot be used.
    """
    visit(document, _Literals())


def check_values(variables: Mapping[str, Any], usage_of: Callable[[str], Path]) -> None:
    """Check every value of the variables; ``usage_of`` finds where one is used.

    Raises:
        RequestError: one of them cannot be used.
    """

    def refusal(message: str, path: Path) -> RequestError:
        return _refusal(message, (*usage_of(str(path[0])), *path[1:]))

    waiting: list[tuple[Any, Path]] = [(value, (name,)) for name, value in variables.items()]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            if not is_usable(value):
                raise refusal(_UNUSABLE, path)
        elif isinstance(value, dict | list) and len(path) > _MAX_DEPTH:
            raise refusal(f"Values have at most {_MAX_DEPTH} levels.", path[:1])
        elif isinstance(value, dict):
            for name, item in value.items():
                if not is_usable(name):
                    raise refusal(_UNUSABLE, path)
                waiting.append((item, (*path, name)))
        elif isinstance(value, list):
            waiting += [(item, (*path, number)) for number, item in enumerate(value)]


_UNUSABLE = "The character U+0000 and halves of surrogate pairs cannot be used in a text."


def _refusal(message: str, path: Path) -> RequestError:
    return RequestError(coded(message, ErrorCode.BAD_USER_INPUT.value, **place(path or ("query",))))


class _Literals(Visitor):
    """Refuses literals that cannot be used."""

    def enter_string_value(
        self, node: StringValueNode, _key: Any, parent: Any, path: list[Any], ancestors: list[Any]
    ) -> None:
        if not is_usable(node.value):
            raise _refusal(_UNUSABLE, literal_path(path, ancestors, parent))

    def _number(
        self, node: IntValueNode | FloatValueNode, _key: Any, parent: Any, path: list[Any], ancestors: list[Any]
    ) -> None:
        if len(node.value) > _MAX_DIGITS:
            message = f"A number is written with at most {_MAX_DIGITS} characters."
            raise _refusal(message, literal_path(path, ancestors, parent))

    enter_int_value = enter_float_value = _number
