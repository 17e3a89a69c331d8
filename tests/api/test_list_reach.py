"""No list ends where a client cannot go on: each has pages, says where its pages are, or says why it stays short."""

import re

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
)

from api.root import platform_schema

SCHEMA = platform_schema()
PAGING = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
# A number, or something that there is a known number of.
BOUND = re.compile(r"\b([Aa]t most|[Oo]ne (for|of|per) each|[Tt]he (first|oldest|newest) [0-9,]+)\b")
NAMED = re.compile(r"`([a-z]\w*)(?:\(filter: \{ (\w+) \}\)|\((\w+)\))?`")


def types() -> list[GraphQLObjectType]:
    found = [type_ for name, type_ in SCHEMA.type_map.items() if not name.startswith("__")]
    return [type_ for type_ in found if isinstance(type_, GraphQLObjectType)]


def is_connection(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith("Connection")


def lists() -> dict[str, tuple[GraphQLObjectType, GraphQLField]]:
    """All lists of objects but the pages themselves."""
    return {
        f"{type_.name}.{name}": (type_, field)
        for type_ in types()
        for name, field in type_.fields.items()
        if is_list_type(get_nullable_type(field.type))
        and is_object_type(get_named_type(field.type))
        and name != "edges"
    }


def goes_on(type_: GraphQLObjectType, text: str) -> bool:
    """True if a text names pages of the same type or of the root, and their filter is there."""
    for name, condition, argument in NAMED.findall(text):
        for fields in (type_.fields, SCHEMA.query_type.fields):  # type: ignore[union-attr]
            field = fields.get(name)
            if field is None or not is_connection(field):
                continue
            if argument and argument not in field.args:
                continue
            if condition:
                given = get_named_type(field.args["filter"].type)
                assert isinstance(given, GraphQLInputObjectType)
                if condition not in given.fields:
                    continue
            return True
    return False


def test_a_list_without_pages_says_where_they_are_or_how_long_it_gets() -> None:
    silent = []
    for name, (type_, field) in lists().items():
        text = f"{field.description} {field.deprecation_reason or ''}"
        if not goes_on(type_, text) and not BOUND.search(text):
            silent.append((name, text))
    assert silent == []


def test_every_page_of_the_schema_goes_both_ways_by_cursor() -> None:
    pages = [
        (f"{type_.name}.{name}", field)
        for type_ in types()
        for name, field in type_.fields.items()
        if is_connection(field)
    ]
    assert len(pages) > len({name.split(".")[0] for name, _ in pages})
    for name, field in pages:
        given = {argument: str(each.type) for argument, each in field.args.items()}
        assert given.items() >= PAGING.items(), name
        connection = get_named_type(field.type)
        assert isinstance(connection, GraphQLObjectType)
        shape = {each: str(one.type) for each, one in connection.fields.items()}
        edge = f"{connection.name.removesuffix('Connection')}Edge"
        assert shape == {"edges": f"[{edge}!]!", "pageInfo": "PageInfo!", "totalCount": "Int!"}, name
        assert {"node", "cursor"} == set(SCHEMA.type_map[edge].fields), name  # type: ignore[union-attr]


def test_whatever_has_pages_can_be_fetched_again_by_its_id() -> None:
    """Relay's ``@refetchable`` needs the interface ``Node``, or the root."""
    nodes = {type_.name for type_ in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])}  # type: ignore[arg-type]
    paged = {type_.name for type_ in types() if any(is_connection(field) for field in type_.fields.values())}
    assert paged - nodes == {"Query"}
    assert {"Account", "AnomalyCase", "Order", "User"} <= paged
