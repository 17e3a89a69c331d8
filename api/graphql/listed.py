"""Documents that the operator has listed: requested by id, and by a setting the only ones that are executed.

A text matches a listed document when both print alike without ``__typename``, which clients add by themselves: white
space, commas and comments make no difference.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from graphql import DocumentNode, FieldNode, Visitor, parse, print_ast, visit


class Listed:
    """The listed documents. ``only`` says that no others are executed."""

    def __init__(self, texts: Iterable[str] = (), *, only: bool = False) -> None:
        self._texts = {digest_of(text): text for text in texts}
        self._only = only
        self._matches = {_match(parse(text)) for text in self._texts.values()} if only else set()

    @property
    def only(self) -> bool:
        """True if no other documents are executed."""
        return self._only

    def text(self, digest: str) -> str | None:
        """The document of a SHA-256 hash in hexadecimal digits; None for one that is not listed."""
        return self._texts.get(digest)

    def admits(self, document: DocumentNode) -> bool:
        """True if this document may be executed."""
        return not self._only or _match(document) in self._matches


def digest_of(text: str) -> str:
    """The SHA-256 hash of a document's text in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class _WithoutTypename(Visitor):
    def enter_field(self, node: FieldNode, *_rest: Any) -> Any:
        return self.REMOVE if node.name.value == "__typename" and node.alias is None else None


def _match(document: DocumentNode) -> str:
    return digest_of(print_ast(visit(document, _WithoutTypename())))
