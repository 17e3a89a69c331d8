"""The size of an operation, measured before any expensive work.

Documents are not validated yet: unknown and cyclic fragments are tolerated here and reported later. Each fragment is
measured once, so nested fragments cannot make the measuring explode.
"""

from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.errors import VALIDATION_FAILED, RequestError, coded
from api.limits import RequestLimits


@dataclass(frozen=True, slots=True)
class SelectionSize:
    """The size of one selection set with everything below it: levels, fields and aliases after expanding fragments."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: bool = False


class _Measurer:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, SelectionSize] = {}

    def selection_set(self, node: SelectionSetNode) -> SelectionSize:
        depth = fields = aliases = 0
        directives = False
        for selection in node.selections:
            directives = directives or bool(selection.directives)
            below = self._below(selection)
            level = 0
            if isinstance(selection, FieldNode):
                level = 1
                fields += 1
                aliases += selection.alias is not None
            depth = max(depth, level + below.depth)
            fields += below.fields
            aliases += below.aliases
            directives = directives or below.directives
        return SelectionSize(depth, fields, aliases, directives)

    def _below(self, selection: object) -> SelectionSize:
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value)
        nested: SelectionSetNode | None = getattr(selection, "selection_set", None)
        return self.selection_set(nested) if nested else SelectionSize()

    def _fragment(self, name: str) -> SelectionSize:
        known = self._known.get(name)
        if known is not None:
            return known
        fragment = self._fragments.get(name)
        if fragment is None:
            return SelectionSize()
        self._known[name] = SelectionSize()  # What a cycle meets; validation reports it.
        self._known[name] = measure = self.selection_set(fragment.selection_set)
        return measure


def measure(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> SelectionSize:
    """The size of ``operation``."""
    found = _Measurer(fragments).selection_set(operation.selection_set)
    if operation.directives:
        return SelectionSize(found.depth, found.fields, found.aliases, directives=True)
    return found


def check_bounds(operation: OperationDefinitionNode, found: SelectionSize, limits: RequestLimits) -> None:
    """Check that the size of an operation is within the limits.

    Raises:
        RequestError: it is too deep, too wide or uses too many aliases; the message names the limit.
    """
    bounds = (
        ("depth", found.depth, limits.depth, "is nested {} levels deep"),
        ("rootFields", len(operation.selection_set.selections), limits.root_fields, "selects {} root fields"),
        ("aliases", found.aliases, limits.aliases, "uses {} aliases"),
        ("fields", found.fields, limits.fields, "selects {} fields"),
    )
    for name, observed, maximum, words in bounds:
        if observed > maximum:
            raise RequestError(
                coded(
                    f"The operation {words.format(observed)}; at most {maximum} are allowed.",
                    VALIDATION_FAILED,
                    bound=name,
                    maximum=maximum,
                    observed=observed,
                )
            )
