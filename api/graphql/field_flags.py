"""Flags of fields, as ``metadata`` of ``strawberry.field``.

``PUBLIC``: a root field that needs no sign-in. ``SAME_FOR_ALL``: a resolver whose answer depends on its parent and
arguments alone, not on the caller; a subscription that selects only such fields and plain attributes is executed once
for all its subscribers. ``same_for_all_reading``: the same, and the resolver reads only the named attributes of its
parent. ``COSTLY``: a resolver that reads much to answer little, such as all executions of an account.
"""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any, Final

from graphql import GraphQLField
from strawberry.types.field import StrawberryField

PUBLIC: Final[Mapping[Any, bool]] = {"public": True}
SAME_FOR_ALL: Final[Mapping[Any, bool]] = {"same_for_all": True}
COSTLY: Final[Mapping[Any, bool]] = {"costly": True}


def same_for_all_reading(*attributes: str) -> Mapping[Any, Any]:
    """``SAME_FOR_ALL`` for a resolver that reads only these attributes of its parent."""
    return {**SAME_FOR_ALL, "reads": attributes}


def definition_of(field: GraphQLField) -> StrawberryField | None:
    """The Strawberry field behind a field of the schema; None for the core's own."""
    definition: StrawberryField | None = field.extensions.get("strawberry-definition")
    return definition


def is_plain(field: GraphQLField) -> bool:
    """True if the field only reads the attribute of its name from its parent."""
    definition = definition_of(field)
    return (
        definition is not None
        and not field.args
        and definition.is_basic_field
        and definition.default_resolver is getattr
        and getattr(field.resolve, "_is_default", False) is True
    )


def attributes_read(field: GraphQLField) -> tuple[str, ...] | None:
    """The attributes of its parent that the field reads; None where it does not say."""
    definition = definition_of(field)
    if definition is None:
        return None
    if is_plain(field):
        return (definition.python_name,)
    reads: tuple[str, ...] | None = definition.metadata.get("reads")
    return reads


def is_public(field: GraphQLField) -> bool:
    """True if a root field is marked ``PUBLIC``."""
    definition = definition_of(field)
    return definition is not None and definition.metadata.get("public") is True


def is_same_for_all(field: GraphQLField) -> bool:
    """True if the answer of the field is the same for every caller who sees its parent."""
    definition = definition_of(field)
    return is_plain(field) or (definition is not None and definition.metadata.get("same_for_all") is True)


def is_costly(field: GraphQLField) -> bool:
    """True if a field is marked ``COSTLY``."""
    definition = definition_of(field)
    return definition is not None and definition.metadata.get("costly") is True


def is_straight(field: GraphQLField) -> bool:
    """True if the resolver answers without waiting, from its parent and the context alone.

    It may then be called twice.
    """
    definition = definition_of(field)
    return (
        definition is not None
        and not field.args
        and not definition.extensions
        and definition.base_resolver is not None
        and not iscoroutinefunction(definition.base_resolver.wrapped_func)
        and definition.metadata.get("same_for_all") is True
    )
