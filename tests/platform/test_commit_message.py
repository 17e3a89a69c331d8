"""The form of commit messages."""

import subprocess
import sys
from pathlib import Path

import pytest

from linting.commit_message import problems

ROOT = Path(__file__).parents[2]
GOOD = "orders: keep computed prices on the tick grid\n\nA trailing stop could move off the grid.\n# a comment\n"


def test_a_subject_with_an_area_and_a_body_is_well_formed() -> None:
    assert problems(GOOD) == []
    assert problems("Merge branch 'main'") == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("Keep prices on the grid\n\nWhy.", "the subject is not of the form 'area: what changes'"),
        ("orders:\n\nWhy.", "the subject is not of the form 'area: what changes'"),
        ("orders: " + "x" * 65 + "\n\nWhy.", "the subject has 73 characters, at most 72 fit"),
        ("orders: keep prices on the grid", "the body says why"),
        ("orders: keep prices on the grid\nWhy.", "an empty line stands between subject and body"),
    ],
)
def test_a_fault_of_a_message_is_named(message: str, problem: str) -> None:
    assert problems(message) == [problem]


def test_the_command_refuses_a_message_with_a_fault(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(GOOD)
    (tmp_path / "bad").write_text("bad")
    run = [sys.executable, "-m", "linting.commit_message"]
    assert subprocess.run([*run, tmp_path / "good"], cwd=ROOT, check=False).returncode == 0
    assert subprocess.run([*run, tmp_path / "bad"], cwd=ROOT, capture_output=True, check=False).returncode == 1
