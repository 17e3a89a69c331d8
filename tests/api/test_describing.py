"""Everything that the schema shows says what it means, and nothing is said of what is not there."""

from api.describing import DescribedPlace, places, texts
from api.root import platform_schema

SCHEMA = platform_schema()
PLACES = list(places(SCHEMA))


def shown(place: DescribedPlace) -> str:
    return f"{place.type_name}.{place.name}"


def test_every_part_of_the_schema_has_a_description() -> None:
    assert [shown(place) for place in PLACES if not (place.target.description or "").strip()] == []
    types = (type_ for name, type_ in SCHEMA.type_map.items() if not name.startswith("__"))
    roots = {SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type}
    assert [type_.name for type_ in types if type_ not in roots and not type_.description] == []


def test_no_description_names_a_missing_part() -> None:
    own, common = texts()
    said = {(place.type_name, place.name): place.target.description for place in PLACES}
    assert [
        (type_name, name)
        for type_name, entries in own.items()
        for name, text in entries.items()
        if said.get((type_name, name)) != text
    ] == []
    used = {(place.family, place.common_name, place.target.description) for place in PLACES}
    assert [
        (family, name)
        for family, entries in common.items()
        for name, text in entries.items()
        if (family, name, text) not in used
    ] == []


def test_every_description_is_a_sentence() -> None:
    """A name alone explains nothing: a description has more words than one, and ends like a sentence."""
    assert [shown(place) for place in PLACES if not place.target.description.rstrip().endswith((".", ")", "`"))] == []


def test_deprecated_parts_name_their_replacement() -> None:
    reasons = [getattr(place.target, "deprecation_reason", None) for place in PLACES]
    assert [reason for reason in reasons if reason is not None and "`" not in reason] == []
