"""Coercion of variables: each type's reader is compiled once for the expected case.

The core examines the type of every value of every request; a batch of orders has thousands of values. A reader covers
only the values that well-behaved clients send. For anything else it raises, and the core reads all variables again: it
reports wrong values and handles unusual ones (one value in place of a list, a default of the operation).
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.type import is_required_input_field
from graphql.utilities.coerce_input_value import coerce_default_value

from api.graphql.usable import is_usable

Reader = Callable[[Any], Any]

_MAX_INT = 2**31 - 1
_MAX_DEPTH = 20


class CoercionFallback(Exception):
    """The value is not of the expected kind: the core must read it."""


class Variables:
    """The variables of one operation."""

    __slots__ = ("_readers",)

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        # None when the core has to read them in any case.
        self._readers: list[tuple[GraphQLVariableSignature, Reader]] | None = []
        compiler = _Compiler()
        for definition in operation.variable_definitions or ():
            signature = get_variable_signature(schema, definition)
            if not isinstance(signature, GraphQLVariableSignature) or definition.default_value:
                self._readers = None
                return
            self._readers.append((signature, compiler.reader(signature.type)))

    def read(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The coerced values; None when the core has to read them."""
        if self._readers is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        try:
            for signature, read in self._readers:
                name = signature.name
                if name in given:
                    value = given[name]
                    coerced[name] = read(value)
                    sources[name] = VariableValueSource(signature, value)
                elif is_non_null_type(signature.type):
                    return None
                else:
                    sources[name] = VariableValueSource(signature)
        except Exception:  # noqa: BLE001  the core does it again and reports what there is to report
            return None
        return VariableValues(sources, coerced)


class _Compiler:
    def __init__(self) -> None:
        self._objects: dict[str, Reader] = {}

    def reader(self, type_: GraphQLInputType, depth: int = 0) -> Reader:
        """Read a value of ``type_``."""
        if is_non_null_type(type_):
            return self._present(type_.of_type, depth)
        read = self._present(type_, depth)
        return lambda value: None if value is None else read(value)

    def _present(self, type_: GraphQLInputType, depth: int) -> Reader:
        """Read a value that is not null; raises on null."""
        if depth > _MAX_DEPTH:
            return _unusual
        if is_list_type(type_):
            return _list(self.reader(type_.of_type, depth + 1))
        if is_input_object_type(type_):
            return self._object(type_, depth)
        assert is_leaf_type(type_)
        return _leaf(type_)

    def _object(self, type_: GraphQLInputObjectType, depth: int) -> Reader:
        if type_.is_one_of:
            return _unusual
        known = self._objects.get(type_.name)
        if known is None:
            known = self._objects[type_.name] = self._compile_object(type_, depth)
        return known

    def _compile_object(self, type_: GraphQLInputObjectType, depth: int) -> Reader:
        # While it is compiled, a type that contains itself is left to the core.
        self._objects[type_.name] = _unusual
        fields: dict[str, tuple[str, Reader]] = {}
        defaults: dict[str, Any] = {}
        required = []
        for name, field in type_.fields.items():
            out_name = field.out_name or name
            fields[name] = (out_name, self.reader(field.type, depth + 1))
            if is_required_input_field(field):
                required.append(out_name)
            elif (default := coerce_default_value(field)) is not Undefined:
                defaults[out_name] = default
        return _object(fields, defaults, required, type_.out_type)


def _unusual(_value: Any) -> Any:
    raise CoercionFallback


def _list(read: Reader) -> Reader:
    def read_list(value: Any) -> Any:
        if type(value) is not list:
            raise CoercionFallback
        return [read(item) for item in value]

    return read_list


def _object(
    fields: Mapping[str, tuple[str, Reader]], defaults: Mapping[str, Any], required: list[str], make: Reader
) -> Reader:
    def read_object(value: Any) -> Any:
        if type(value) is not dict:
            raise CoercionFallback
        found = dict(defaults)
        for name, item in value.items():
            # A field that does not exist raises here.
            out_name, read = fields[name]
            found[out_name] = read(item)
        for out_name in required:
            if out_name not in found:
                raise CoercionFallback
        return make(found)

    return read_object


def _leaf(type_: GraphQLLeafType) -> Reader:
    kind = _TEXTS.get(type_.name)
    if kind is type_:
        return _text
    if type_ is GraphQLBoolean:
        return _boolean
    if type_ is GraphQLInt:
        return _int
    return _enum(type_) if is_enum_type(type_) else _scalar(type_.coerce_input_value)


_TEXTS: Mapping[str, GraphQLLeafType] = {"String": GraphQLString, "ID": GraphQLID}


def _text(value: Any) -> Any:
    # The expected case needs no call.
    if type(value) is str and ((value.isascii() and "\x00" not in value) or is_usable(value)):
        return value
    raise CoercionFallback


def _boolean(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise CoercionFallback


def _int(value: Any) -> Any:
    if type(value) is int and -_MAX_INT <= value <= _MAX_INT:
        return value
    raise CoercionFallback


def _enum(type_: GraphQLEnumType) -> Reader:
    members = {name: type_.coerce_input_value(name) for name in type_.values}
    # A name that does not exist raises.
    return members.__getitem__


def _scalar(coerce: Reader) -> Reader:
    def read_scalar(value: Any) -> Any:
        if value is None:
            raise CoercionFallback
        coerced = coerce(value)
        if coerced is Undefined:
            raise CoercionFallback
        return coerced

    return read_scalar
