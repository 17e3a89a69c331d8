"""Docstrings put the subject first (``linting.docstrings``)."""

import pytest

from linting.docstrings import main, noun_clauses


def test_no_docstring_begins_with_a_noun_clause(capsys: pytest.CaptureFixture[str]) -> None:
    status = main()
    assert capsys.readouterr().out == ""
    assert status == 0


@pytest.mark.parametrize("word", ["What", "How", "Whether", "Who", "Which", "Where", "When", "That"])
def test_a_noun_clause_is_found_at_every_level(word: str) -> None:
    method = f'    def goes(self):\n        """{word} it goes.\n\n        More.\n        """\n'
    source = f'class Order:\n    """One order."""\n\n{method}'
    assert noun_clauses(source) == [(5, f"{word} it goes.")]
    assert noun_clauses(f'"""{word} it goes."""\n') == [(1, f"{word} it goes.")]


def test_words_that_begin_like_question_words_pass() -> None:
    assert noun_clauses('"""Whatnot, and howlers."""\n') == []
