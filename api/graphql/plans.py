"""The selection compiler: readers for parts of a result that need no waiting, compiled once per operation.

A selection is plain when every field in it reads an attribute, or has a resolver that answers without waiting, and its
type is a leaf, an object or a list of such. Reading it needs no path and no await, and of the info object only the
context. A reader covers only the expected case: for anything else (an unexpected null, a value that needs careful
coercion, an exception) it raises, and the caller lets the core do the same part again, which then reports exactly what
the core would have reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet

from api.graphql.field_flags import attributes_read, definition_of, is_plain, is_straight
from api.graphql.resolvers import straight_caller
from api.scalars import EXACT_OUT
from domain.kernel.time import Nanos

Reader = Callable[[Any], Any]
Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]

_MAX_INT: Final = 2**31 - 1
_MAX_DEPTH: Final = 50
# Kinds of values of custom scalars that are neither awaited nor raised: no need to look.
_PASSIVE: Final = frozenset({Decimal, datetime, date, str, dict, list, Nanos})


class Fallback(Exception):
    """The value is not of the expected kind: the core must do it."""


class ReadContext:
    """The info object of resolvers that readers call; every other attribute of the core's fails here.

    ``read`` caches values that several parents share, such as the instrument of a hundred orders: by the number of the
    field, and by the value's identity or the attribute that it was found by. It is valid for one reading, which nothing
    interrupts.
    """

    __slots__ = ("context", "read")

    def __init__(self) -> None:
        self.context: Any = None
        self.read: dict[tuple[int, Any], tuple[Any, Any]] = {}

    def begin(self, context: Any) -> None:
        """A new reading in this context."""
        self.context = context
        if self.read:
            self.read = {}


@dataclass(frozen=True, slots=True)
class FieldReader:
    """A reader of one field: the access to its raw value (``name`` if that is an attribute), and its completion."""

    get: Reader
    read: Reader
    name: str | None = None


# Response name, collected nodes, the reader if there is one, and whether the field is costly.
FieldPlan = tuple[str, FieldDetailsList, Reader | None, bool]


class Plans:
    """The collected fields and compiled readers of one operation.

    Shared by all executions of an operation whose selections do not depend on variables; otherwise made for each. Keys
    are identities of lists that this object keeps alive.
    """

    __slots__ = ("asking", "collected", "fields", "root", "values")

    def __init__(self) -> None:
        # Set before each reading, which nothing interrupts: executions may share it.
        self.asking = ReadContext()
        self.root: GroupedFieldSet | None = None
        self.collected: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = {}
        self.fields: dict[int, tuple[GroupedFieldSet, list[FieldPlan]]] = {}
        self.values: dict[tuple[int, int], tuple[GraphQLOutputType, FieldDetailsList, Reader | None]] = {}


class Compiler:
    """Compiles readers for one schema.

    ``collect`` gives the fields selected below a field, ``asking`` the read context.
    """

    __slots__ = ("_asking", "_collect", "_schema")

    def __init__(self, schema: GraphQLSchema, collect: Collect, asking: ReadContext) -> None:
        self._schema = schema
        self._collect = collect
        self._asking = asking

    def field(self, parent: GraphQLObjectType, details: FieldDetailsList, depth: int = 0) -> Reader | None:
        """A reader of the field from its parent object, or None when the field is not plain."""
        found = self._attribute(parent, details, depth)
        if found is None:
            return None
        get, read = found.get, found.read
        return lambda source: read(get(source))

    def _attribute(self, parent: GraphQLObjectType, details: FieldDetailsList, depth: int) -> FieldReader | None:
        """The reader of a plain attribute of the parent."""
        node = details[0].node
        name = node.name.value
        if name == "__typename":
            typename = parent.name
            return FieldReader(lambda _source: typename, _as_is)
        definition = self._schema.get_field(parent, name)
        if definition is None or node.arguments:
            return None
        return self._reader(definition, details, depth)

    def _reader(self, field: GraphQLField, details: FieldDetailsList, depth: int) -> FieldReader | None:
        definition = definition_of(field)
        if definition is None or not (is_plain(field) or is_straight(field)):
            return None
        read = self.value(field.type, details, depth)
        if read is None:
            return None
        if is_plain(field):
            return FieldReader(attrgetter(definition.python_name), read, definition.python_name)
        call, reads = straight_caller(definition, self._asking), attributes_read(field)
        if reads is not None and len(reads) == 1:
            return FieldReader(self._by_attribute(reads[0], call, read), _as_is)
        return FieldReader(call, self._shared(field.type, read))

    def _by_attribute(self, name: str, call: Reader, read: Reader) -> Reader:
        """A reader for a resolver that depends on one attribute: it is called once per value of that attribute."""
        asking, number, get = self._asking, id(call), attrgetter(name)

        def read_by_attribute(source: Any) -> Any:
            key = (number, get(source))
            found = asking.read.get(key)
            if found is None:
                found = asking.read[key] = (call, read(call(source)))
            return found[1]

        return read_by_attribute

    def _shared(self, type_: GraphQLOutputType, read: Reader) -> Reader:
        """A reader of a resolver's object that many parents share: it is read once."""
        if not is_object_type(get_nullable_type(type_)):
            return read
        asking, number = self._asking, id(read)

        def read_shared(value: Any) -> Any:
            key = (number, id(value))
            found = asking.read.get(key)
            if found is None:
                # The value is kept with it, so that nothing else has its identity meanwhile.
                found = asking.read[key] = (value, read(value))
            return found[1]

        return read_shared

    def value(self, type_: GraphQLOutputType, details: FieldDetailsList, depth: int = 0) -> Reader | None:
        """A reader that completes a value of ``type_``, or None when what is selected below it is not plain."""
        if depth > _MAX_DEPTH:
            return None
        if is_non_null_type(type_):
            # No reader of a value that is there takes None for one.
            return self._nullable(type_.of_type, details, depth)
        inner = self._nullable(type_, details, depth)
        return inner and _optional(inner)

    def _nullable(self, type_: GraphQLOutputType, details: FieldDetailsList, depth: int) -> Reader | None:
        if is_leaf_type(type_):
            return leaf_reader(type_)
        if is_list_type(type_):
            item = self.value(type_.of_type, details, depth + 1)
            return item and _list(item)
        if is_object_type(type_) and type_.is_type_of is None:
            return self._object(type_, details, depth)
        return None

    def _object(self, type_: GraphQLObjectType, details: FieldDetailsList, depth: int) -> Reader | None:
        readers: list[tuple[str, FieldReader]] = []
        for response_name, below in self._collect(type_, details).grouped_field_set.items():
            found = self._attribute(type_, below, depth + 1)
            if found is None:
                return None
            readers.append((response_name, found))
        return _object(readers)


def _as_is(value: Any) -> Any:
    return value


def _optional(read: Reader) -> Reader:
    def read_optional(value: Any) -> Any:
        return None if value is None else read(value)

    return read_optional


def _list(read: Reader) -> Reader:
    def read_list(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise Fallback
        return [read(item) for item in value]

    return read_list


def _object(readers: Sequence[tuple[str, FieldReader]]) -> Reader:
    """A reader of an object, as one generated expression: a loop over its fields takes twice as long.

    No text from outside enters it: response names are GraphQL names, the rest are attributes and numbers.
    """
    known: dict[str, Any] = {"Fallback": Fallback}
    fields = []
    for place, (response_name, reader) in enumerate(readers):
        known[f"read_{place}"], known[f"get_{place}"] = reader.read, reader.get
        raw = f"value.{reader.name}" if reader.name is not None else f"get_{place}(value)"
        fields.append(f"{response_name!r}: {raw if reader.read is _as_is else f'read_{place}({raw})'}")
    source = (
        "def read_object(value):\n"
        "    if value is None or isinstance(value, Exception):\n"
        "        raise Fallback\n"
        f"    return {{{', '.join(fields)}}}\n"
    )
    exec(source, known)  # noqa: S102  made of names that the schema and the grammar allow
    read: Reader = known["read_object"]
    return read


def leaf_reader(type_: GraphQLLeafType) -> Reader:
    """A reader of a scalar or enum; only of kinds whose coercion never waits and never fails silently."""
    known = _BUILT_IN.get(type_.name)
    if known is not None and known[0] is type_:
        return known[1]
    if is_enum_type(type_):
        return _enum(type_)
    coerce = type_.coerce_output_value
    return coerce if coerce in EXACT_OUT else _coerced(coerce)


def _string(value: Any) -> Any:
    if isinstance(value, str):
        return value
    raise Fallback


def _boolean(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise Fallback


def _id(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    # What comes out of the database is of a subclass.
    if issubclass(kind, UUID):
        return str(value)
    raise Fallback


def _int(value: Any) -> Any:
    if type(value) is int and -_MAX_INT <= value <= _MAX_INT:
        return value
    raise Fallback


def _float(value: Any) -> Any:
    # The comparison is false for infinities and NaN.
    if type(value) is float and -1e308 < value < 1e308:
        return value
    raise Fallback


_BUILT_IN: Final[dict[str, tuple[GraphQLLeafType, Reader]]] = {
    "String": (GraphQLString, _string),
    "Boolean": (GraphQLBoolean, _boolean),
    "ID": (GraphQLID, _id),
    "Int": (GraphQLInt, _int),
    "Float": (GraphQLFloat, _float),
}


def _enum(type_: GraphQLEnumType) -> Reader:
    coerce = type_.coerce_output_value
    # By identity: members of two text enums may be equal, and only one of them belongs to this type.
    known: dict[int, tuple[Enum, str]] = {}

    def read_enum(value: Any) -> Any:
        found = known.get(id(value))
        if found is None:
            if not isinstance(value, Enum):
                raise Fallback
            found = known[id(value)] = (value, _checked(coerce(value)))
        return found[1]

    return read_enum


def _coerced(coerce: Callable[[Any], Any]) -> Reader:
    def read_coerced(value: Any) -> Any:
        if type(value) not in _PASSIVE and (isinstance(value, Exception) or hasattr(value, "__await__")):
            raise Fallback
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Fallback
        return coerced

    return read_coerced


def _checked(coerced: Any) -> Any:
    if coerced is None or coerced is Undefined:
        raise Fallback
    return coerced
