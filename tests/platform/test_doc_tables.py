"""The pages of docs/ show the tables that the domain decides by."""

import pytest

from cli.doc_tables import DOCS, PAGES, main, with_tables
from domain.orders.model.order_validation import MALFORMATIONS
from domain.risk.kinds import KINDS


@pytest.mark.parametrize("name", PAGES)
def test_each_generated_table_is_up_to_date(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert with_tables(page, PAGES[name]) == page


def test_a_stale_table_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["doc_tables", "--check"])
    assert main() == 0
    monkeypatch.setitem(PAGES["orders.md"], "orders", lambda: "nothing\n")  # type: ignore[arg-type]
    assert main() == 1
    assert capsys.readouterr().err == "the tables in docs/orders.md are stale: run make schema\n"


def test_every_row_of_a_table_is_unique_and_described() -> None:
    for tables in PAGES.values():
        for make in tables.values():
            rows = make().splitlines()[2:]
            assert rows
            assert len(set(rows)) == len(rows)
    assert PAGES["orders.md"]["orders"]().count("\n") == len(MALFORMATIONS) + 2
    assert PAGES["risk.md"]["kinds"]().count("\n") == len(KINDS) + 2
