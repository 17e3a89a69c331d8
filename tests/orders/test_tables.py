"""The page on orders shows the tables that the domain decides by."""

import pytest

from cli.order_tables import PAGE, main, tables, with_tables
from domain.orders.validation import MALFORMATIONS


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_a_stale_page_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["order_tables", "--check"])
    assert main() == 0
    monkeypatch.setattr("cli.order_tables.tables", lambda: tables() | {"orders": "nothing\n"})
    assert main() == 1
    assert "docs/orders.md are stale" in capsys.readouterr().err


def test_every_row_names_a_field_and_says_why() -> None:
    for table in tables().values():
        rows = table.splitlines()[2:]
        assert rows
        assert len(set(rows)) == len(rows)
    assert tables()["orders"].count("\n") == len(MALFORMATIONS) + 2
