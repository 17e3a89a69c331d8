"""Check of ignored findings: each ``noqa`` and each ``type: ignore`` of the product has its reason beside it.

Run as a module it prints each without one, and fails if there is one. Tests are left out: what they ignore is that they
look inside, or give what is wrong on purpose.
"""

import re
import sys
from pathlib import Path

PACKAGES = ("adapters", "api", "bench", "cli", "clients/python/src", "domain", "examples", "linting", "workers")
_ROOT = Path(__file__).parents[1]
_IGNORE = re.compile(r"#\s*(?:noqa:[A-Z0-9, ]*[0-9]|noqa\b|type: ignore(?:\[[^\]]*\])?)(?P<reason>.*)$")
_WORDS = re.compile(r"\w{2,}")


def unreasoned(source: str) -> list[int]:
    """The lines that ignore a finding and do not say why."""
    found = ((number, _IGNORE.search(line)) for number, line in enumerate(source.splitlines(), 1))
    return [number for number, match in found if match is not None and not _WORDS.search(match["reason"])]


def main() -> int:
    """Print the findings in all packages; the exit code is 1 if there are any."""
    problems = [
        f"{path.relative_to(_ROOT)}:{line}: say why, after the ignored finding"
        for package in PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
        if "generated" not in path.parts
        for line in unreasoned(path.read_text(encoding="utf-8"))
    ]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
