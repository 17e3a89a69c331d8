"""Direct calls of resolvers with the core's coerced arguments, without Strawberry's second conversion.

Strawberry converts the arguments of each call by walking their types again, which for a batch of orders costs more than
all other work on them. Here the core itself makes the input objects and uses the Python names, both settled once, when
the schema is built; the resolver is then called directly. Features that this does not cover (``Maybe``, input types
that build themselves, field extensions) are refused when the schema is built.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLField, GraphQLInputObjectType, GraphQLSchema, Undefined, is_object_type
from graphql.type import is_input_object_type, is_required_input_field
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.graphql.field_flags import definition_of
from api.scalars import PreciseDatetime, to_nanos
from domain.kernel.errors import ErrorCode
from domain.kernel.time import Nanos

Resolve = Callable[..., Any]


class InexactTime(GraphQLError):
    """A time with more digits than are kept."""

    def __init__(self, field: str) -> None:
        super().__init__(
            "This time is stored to the microsecond: send at most six digits of the second.",
            extensions={"code": ErrorCode.BAD_USER_INPUT.value, "field": field},
        )


def bind_resolvers(schema: GraphQLSchema) -> None:
    """Make input objects and call resolvers directly, in all of the schema.

    Raises:
        TypeError: something is used that this does not cover.
    """
    for type_ in schema.type_map.values():
        if is_input_object_type(type_):
            _bind_input(type_)
        elif is_object_type(type_):
            for field in type_.fields.values():
                definition = definition_of(field)
                if definition is not None and definition.base_resolver is not None:
                    _bind_field(field, definition)


def _bind_input(type_: GraphQLInputObjectType) -> None:
    definition: StrawberryObjectDefinition = type_.extensions["strawberry-definition"]
    if definition.from_input is not None:
        raise TypeError(f"{type_.name} builds itself from its input")
    fields = {field.python_name: field for field in definition.fields}
    for name, field in type_.fields.items():
        source: StrawberryField = field.extensions["strawberry-definition"]
        _check(f"{type_.name}.{name}", source.type, field.default_value)
        field.out_name = source.python_name
    times = _Times(
        {field.out_name or name: (name, fields[field.out_name or name].type) for name, field in type_.fields.items()}
    )
    required = {field.out_name for field in type_.fields.values() if is_required_input_field(field)}
    # A nullable field may have no default in Python and be left out all the same.
    missing = {
        name: None
        for name, field in fields.items()
        if field.default_value is MISSING and field.default_factory is MISSING and name not in required
    }
    type_.out_type = _maker(definition.origin, missing, times)  # type: ignore[assignment,method-assign]  # as the core does


class _Times:
    """The times among an input's values: each is as exact as its Python type, or refused."""

    __slots__ = ("_exact", "_to_microseconds")

    def __init__(self, types: Mapping[str, tuple[str, object]]) -> None:
        kinds = {python_name: (name, _innermost(type_)) for python_name, (name, type_) in types.items()}
        self._exact = [python_name for python_name, (_, kind) in kinds.items() if kind is Nanos]
        self._to_microseconds = [(python_name, name) for python_name, (name, kind) in kinds.items() if kind is datetime]

    def __bool__(self) -> bool:
        return bool(self._exact or self._to_microseconds)

    def settle(self, values: dict[str, Any]) -> None:
        """Convert each time to its type.

        Raises:
            InexactTime: it has more digits than are kept.
        """
        for python_name in self._exact:
            if values.get(python_name) is not None:
                values[python_name] = to_nanos(values[python_name])
        for python_name, name in self._to_microseconds:
            if type(values.get(python_name)) is PreciseDatetime:
                raise InexactTime(name)


def _innermost(type_: object) -> object:
    while (inner := getattr(type_, "of_type", None)) is not None:
        type_ = inner
    return type_


def _maker(make: type, missing: Mapping[str, None], times: _Times) -> Callable[[dict[str, Any]], Any]:
    def build(values: dict[str, Any]) -> Any:
        return make(**{**missing, **values}) if missing else make(**values)

    def build_with_times(values: dict[str, Any]) -> Any:
        times.settle(values)
        return build(values)

    return build_with_times if times else build


def _bind_field(field: GraphQLField, definition: StrawberryField) -> None:
    if definition.extensions:
        raise TypeError(f"{definition.python_name} has extensions")
    arguments = {argument.python_name: argument for argument in definition.arguments}
    by_name = _by_graphql_name(field.args, arguments.values())
    for name, argument in field.args.items():
        _check(name, by_name[name].type, argument.default_value)
        argument.out_name = by_name[name].python_name
    times = _Times({each.python_name: (name, each.type) for name, each in by_name.items()})
    if definition.is_subscription:
        field.subscribe = _caller(definition, times)
    else:
        field.resolve = _caller(definition, times)


def _by_graphql_name(names: Iterable[str], arguments: Iterable[Any]) -> dict[str, Any]:
    # Both are in the order of the resolver's parameters.
    return dict(zip(names, arguments, strict=True))


def _check(name: str, type_: object, default: object) -> None:
    if isinstance(type_, StrawberryMaybe):
        raise TypeError(f"{name} is a Maybe")
    if default is not Undefined and isinstance(default, list | dict):
        # The core gives the same object to everybody.
        raise TypeError(f"{name} has a default that could be changed")


def _caller(definition: StrawberryField, times: _Times) -> Resolve:
    call = _Call(definition)

    def resolve(source: Any, info: Any, **values: Any) -> Any:
        return call(source, strawberry.Info(_raw_info=info, _field=definition), values)

    def resolve_with_times(source: Any, info: Any, **values: Any) -> Any:
        times.settle(values)
        return resolve(source, info, **values)

    return resolve_with_times if times else resolve


def straight_caller(definition: StrawberryField, asking: Any) -> Callable[[Any], Any]:
    """A caller of a resolver without arguments, with ``asking`` in place of the core's info object."""
    call, info = _Call(definition), strawberry.Info(_raw_info=asking, _field=definition)
    return call.bound(info)


class _Call:
    """Calls a resolver with its parameters, by their Python names."""

    __slots__ = ("_function", "_info_name", "_source_name", "_takes_self")

    def __init__(self, definition: StrawberryField) -> None:
        resolver = definition.base_resolver
        assert resolver is not None
        self._function: Resolve = resolver.wrapped_func  # type: ignore[assignment]  # bound when its class was made
        self._takes_self = resolver.self_parameter is not None
        source = resolver.parent_parameter or resolver.root_parameter
        self._source_name = source.name if source is not None else None
        self._info_name = resolver.info_parameter.name if resolver.info_parameter is not None else None

    def bound(self, info: Any) -> Callable[[Any], Any]:
        """The same with a source alone, for resolvers that are called for each row of a list."""
        function, source_name = self._function, self._source_name
        given = {self._info_name: info} if self._info_name is not None else {}
        if source_name is None:
            return lambda source: self(source, info, {})
        if self._takes_self:
            return lambda source: function(source, **{source_name: source}, **given)
        return lambda source: function(**{source_name: source}, **given)

    def __call__(self, source: Any, info: Any, values: dict[str, Any]) -> Any:
        if self._source_name is not None:
            values[self._source_name] = source
        if self._info_name is not None:
            values[self._info_name] = info
        return self._function(source, **values) if self._takes_self else self._function(**values)
