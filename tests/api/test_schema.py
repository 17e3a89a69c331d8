"""The schema is put together from parts, and exported as clients should read it."""

from decimal import Decimal

import pytest
import strawberry

from api.schema import build_schema, export_schema


@strawberry.input
class Given:
    quantity: Decimal
    note: str | None = None
    size: int = 5


@strawberry.type
class Zebra:
    @strawberry.field(description="The last.")
    def zebra(self, given: Given, first: int | None = None) -> str:
        return f"{given.note} {given.size} {first}"


@strawberry.type
class Ape:
    @strawberry.field
    def ape(self) -> str:
        return "ape"


def test_schema_parts_are_merged_and_exported_in_order() -> None:
    assert export_schema(build_schema([Zebra, Ape])) == (
        '"""\nAn exact number, sent as a plain string without exponent. Strings, integers and floats are understood; '
        'at most 18 digits before and 18 after the point.\n"""\n'
        "scalar Decimal\n\n"
        "input Given {\n  note: String\n  quantity: Decimal!\n  size: Int! = 5\n}\n\n"
        "type Query {\n  ape: String!\n\n"
        '  """The last."""\n  zebra(first: Int, given: Given!): String!\n}\n'
    )


def test_the_order_of_parts_does_not_change_the_schema() -> None:
    assert export_schema(build_schema([Ape, Zebra])) == export_schema(build_schema([Zebra, Ape]))


def test_two_parts_may_not_define_the_same_field() -> None:
    @strawberry.type
    class Other:
        @strawberry.field
        def ape(self) -> str:
            return "another"

    with pytest.raises(TypeError, match=r"Query.ape is defined by"):
        build_schema([Ape, Other])
