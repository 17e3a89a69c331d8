"""The operations in the explorer's first tabs are valid against the schema and speak of demo instruments."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from adapters.demo import demo_instruments
from api.root import platform_schema

_SOURCE = (Path(__file__).parents[2] / "web" / "explorer" / "src" / "starters.ts").read_text(encoding="utf-8")
_DOCUMENTS: dict[str, str] = dict(re.findall(r"const ([A-Z]+) = `([^`]+)`", _SOURCE))


def test_there_are_a_query_a_mutation_and_a_subscription() -> None:
    assert sorted(_DOCUMENTS) == ["ACCOUNTS", "EVENTS", "INSTRUMENTS", "PLACE", "QUOTES"]


@pytest.mark.parametrize("name", sorted(_DOCUMENTS))
def test_it_is_valid(name: str) -> None:
    assert validate(platform_schema(), parse(_DOCUMENTS[name])) == []


def test_their_symbols_are_there_after_the_first_start() -> None:
    symbols = set(re.findall(r"'([A-Z0-9_-]+\.[A-Z]+)'", _SOURCE))
    assert symbols == {"BTCUSDT.BINANCE"}
    assert symbols <= {demo.instrument.symbol for demo in demo_instruments()}
