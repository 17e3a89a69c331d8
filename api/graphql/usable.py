"""Refusal of text and numbers that cannot be stored, at one place, before anything is executed.

It checks every value of a document and of its variables, whatever its use: a filter, an argument, a client's own id. An
area's own rules on texts, such as their length, come on top.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FloatValueNode,
    IntValueNode,
    ObjectFieldNode,
    StringValueNode,
    VariableDefinitionNode,
    Visitor,
    visit,
)

from api.errors import RequestError, coded
from api.graphql.validation import input_field
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


def check_values(variables: Mapping[str, Any]) -> None:
    """Check every value of the variables.

    Raises:
        RequestError: one of them cannot be used.
    """
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, (name,)) for name, value in variables.items()]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            if not is_usable(value):
                raise _refusal(_UNUSABLE, list(path))
        elif isinstance(value, dict | list) and len(path) > _MAX_DEPTH:
            raise _refusal(f"Values have at most {_MAX_DEPTH} levels.", list(path[:1]))
        elif isinstance(value, dict):
            for name, item in value.items():
                if not is_usable(name):
                    raise _refusal(_UNUSABLE, list(path))
                waiting.append((item, (*path, name)))
        elif isinstance(value, list):
            waiting += [(item, (*path, number)) for number, item in enumerate(value)]


_UNUSABLE = "The character U+0000 and halves of surrogate pairs cannot be used in a text."


def _refusal(message: str, path: list[str | int]) -> RequestError:
    # As in the refusals of the core: the variable, or the argument, is not part of the field's name.
    inner = path[1:] if len(path) > 1 else path
    return RequestError(coded(message, ErrorCode.BAD_USER_INPUT.value, **input_field(inner, str(path[0]))))


class _Literals(Visitor):
    """Tracks the argument and field of a literal."""

    def __init__(self) -> None:
        super().__init__()
        self._path: list[str | int] = []

    def enter_argument(self, node: ArgumentNode, *_rest: Any) -> None:
        self._path = [node.name.value]

    def enter_variable_definition(self, node: VariableDefinitionNode, *_rest: Any) -> None:
        self._path = [node.variable.name.value]

    def enter_object_field(self, node: ObjectFieldNode, *_rest: Any) -> None:
        self._path.append(node.name.value)

    def leave_object_field(self, *_rest: Any) -> None:
        self._path.pop()

    def enter_string_value(self, node: StringValueNode, *_rest: Any) -> None:
        if not is_usable(node.value):
            raise _refusal(_UNUSABLE, self._path or ["query"])

    def _number(self, node: IntValueNode | FloatValueNode, *_rest: Any) -> None:
        if len(node.value) > _MAX_DIGITS:
            raise _refusal(f"A number is written with at most {_MAX_DIGITS} characters.", self._path or ["query"])

    enter_int_value = enter_float_value = _number
