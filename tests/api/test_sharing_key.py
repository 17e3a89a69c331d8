"""The equality of subscriptions, and the independence of their answers from the caller."""

from typing import Any

import pytest

from api.context import Context
from api.graphql.documents import Documents
from api.limits import RequestLimits
from api.realtime.sharing_key import Selection, selection_of
from tests.support.api import SCHEMA

DOCUMENTS = Documents(SCHEMA, RequestLimits())


def selection(text: str) -> Selection:
    return selection_of(DOCUMENTS.prepare(text, None, trusted=True))


def key(text: str, **variables: Any) -> Any:
    operation = DOCUMENTS.prepare(text, None, trusted=True)
    executor = operation.executor(variables, Context(services=None))  # type: ignore[arg-type]
    return selection_of(operation).key(executor.variable_values.coerced)


PLAIN = "subscription { entries { number text } }"


@pytest.mark.parametrize(
    "other",
    [
        "subscription Named { entries { number text } }",
        'subscription { entries(after: "x") { number text } }',
        "subscription { entries(only: null) { number, text } } # said otherwise",
        "subscription ($a: Cursor) { entries(after: $a) { number text } }",
    ],
)
def test_names_arguments_and_spelling_do_not_change_the_sharing_key(other: str) -> None:
    assert key(other) == key(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        "subscription { entries { text number } }",
        "subscription { entries { number } }",
        "subscription { entries { number t: text } }",
        "subscription { other: entries { number text } }",
        "subscription { entries { number text @skip(if: false) } }",
        "subscription { entries { ...a } } fragment a on Entry { number text }",
        "subscription { ... on Subscription { entries { number text } } }",
        "subscription { readings { name } }",
    ],
)
def test_a_different_selection_changes_the_sharing_key(other: str) -> None:
    assert key(other) != key(PLAIN)


def test_nested_fragments_are_part_of_the_sharing_key() -> None:
    text = "subscription {{ entries {{ ...a }} }} fragment a on Entry {{ ...b }} fragment b on Entry {{ {} }}"
    assert key(text.format("number")) == key(text.format("number"))
    assert key(text.format("number")) != key(text.format("text"))


def test_variables_of_directives_are_part_of_the_sharing_key() -> None:
    text = "subscription ($yes: Boolean!, $after: Cursor) { entries(after: $after) { number text @skip(if: $yes) } }"
    assert selection(text).variables == ("yes",)
    assert key(text, yes=True, after="a") == key(text, yes=True, after="b")
    assert key(text, yes=True) != key(text, yes=False)


def test_fragments_make_the_whole_document_part_of_the_sharing_key() -> None:
    text = "subscription ($after: Cursor) { ... on Subscription { entries(after: $after) { number } } }"
    assert key(text, after="a") != key(text, after="b")
    assert not selection(text).same_for_all


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (PLAIN, True),
        ("subscription { entries { __typename number shouted } }", True),
        ("subscription { entries { ...a ... { text } } } fragment a on Entry { shouted }", True),
        ("subscription { count(to: 1) }", True),
        ("subscription { entries { seenBy } }", False),
        ("subscription { entries { number cursor } }", False),
        ("subscription { entries { ...a } } fragment a on Entry { number seenBy }", False),
        ("subscription { entries { ... on Entry { seenBy } } }", False),
    ],
)
def test_only_plain_and_marked_fields_are_equal_for_all_callers(text: str, same: bool) -> None:
    assert selection(text).same_for_all is same
