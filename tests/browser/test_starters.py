"""The operations in the explorer's first tabs are valid against the schema and speak of demo instruments."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from adapters.demo import demo_instruments
from api.root import platform_schema

_FOLDER = Path(__file__).parents[2] / "web" / "explorer" / "src"
_SOURCE = (_FOLDER / "starters.ts").read_text(encoding="utf-8")
_DOCUMENTS: dict[str, str] = dict(re.findall(r"const ([A-Z]+) = `([^`]+)`", _SOURCE))


def test_the_starter_operations_lead_from_instruments_to_the_book_proof() -> None:
    assert re.findall(r"\{ query: ([A-Z]+)", _SOURCE) == [
        "INSTRUMENTS",
        "QUOTES",
        "OPEN",
        "DEPOSIT",
        "PLACE",
        "EVENTS",
        "ACCOUNTS",
        "RISK",
        "HALTS",
        "PROOF",
    ]
    assert len(_DOCUMENTS) == 10


def test_the_listed_streams_are_those_that_resume() -> None:
    fields = platform_schema().subscription_type.fields.items()  # type: ignore[union-attr]
    messages = (_FOLDER / "messages.ts").read_text(encoding="utf-8")
    (listed,) = re.findall(r"new Set\(\[([^\]]*)\]", messages)
    assert set(re.findall(r"\w+", listed)) == {name for name, field in fields if "after" in field.args}


@pytest.mark.parametrize("name", sorted(_DOCUMENTS))
def test_each_starter_operation_is_valid(name: str) -> None:
    assert validate(platform_schema(), parse(_DOCUMENTS[name])) == []


def test_the_symbols_of_the_starters_exist_after_the_first_start() -> None:
    symbols = set(re.findall(r"'([A-Z0-9_-]+\.[A-Z]+)'", _SOURCE))
    assert symbols == {"BTCUSDT.BINANCE"}
    assert symbols <= {demo.instrument.symbol for demo in demo_instruments()}
