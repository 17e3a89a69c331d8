"""Descriptions in the schema: of each field, argument, input field and enum value.

A description in the code comes first. The rest stands in ``descriptions/``: under the type's name, an argument as
``field(argument)``; and in ``common.toml`` what a name means wherever it stands and nothing else is said.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import GraphQLSchema, is_enum_type, is_input_object_type, is_interface_type, is_object_type

_FOLDER: Final = Path(__file__).parent / "descriptions"
_COMMON: Final = "common.toml"
# Enums whose values are described where they come from.
_ALSO: Final = {"RiskEventKind": ("RiskRuleKind", "AnomalyKind")}
Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class DescribedPlace:
    """Something that has a description: its type, its name there, and which common names it goes by."""

    type_name: str
    name: str
    family: str
    common_name: str
    target: Any


def places(schema: GraphQLSchema) -> Iterator[DescribedPlace]:
    """All that has a description, but for the core's own types and the types themselves."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if is_enum_type(type_):
            for name, value in type_.values.items():
                yield DescribedPlace(type_.name, name, "values", name, value)
        elif is_input_object_type(type_):
            for name, given in type_.fields.items():
                yield DescribedPlace(type_.name, name, "inputs", name, given)
        elif is_object_type(type_) or is_interface_type(type_):
            for name, field in type_.fields.items():
                yield DescribedPlace(type_.name, name, "fields", name, field)
                for each, argument in field.args.items():
                    yield DescribedPlace(type_.name, f"{name}({each})", "arguments", each, argument)


@cache
def texts() -> tuple[Texts, Texts]:
    """The texts of single places, by type, and of common names, by family.

    Raises:
        ValueError: two files speak of the same place.
    """
    own: dict[str, dict[str, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        if path.name == _COMMON:
            continue
        for type_name, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            known = own.setdefault(type_name, {})
            if twice := known.keys() & entries.keys():
                raise ValueError(f"{type_name} is described twice: {', '.join(sorted(twice))}")
            known |= entries
    return own, tomllib.loads((_FOLDER / _COMMON).read_text(encoding="utf-8"))


def describe(schema: GraphQLSchema) -> None:
    """Give a description to everything that the code does not describe itself."""
    own, common = texts()
    for place in places(schema):
        if not place.target.description:
            names = (place.type_name, *_ALSO.get(place.type_name, ()))
            found = next((own[name][place.name] for name in names if place.name in own.get(name, {})), None)
            place.target.description = found or common.get(place.family, {}).get(place.common_name)
