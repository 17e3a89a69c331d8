"""Checks a commit's message, run as a module on the file that holds it: ``area: what changes``, then a body.

The subject has at most 72 characters. The body follows after an empty line and says why; merges need none.
"""

import re
import sys
from pathlib import Path

MAX_SUBJECT = 72
_SUBJECT = re.compile(r"[a-z][a-z0-9 ,_/.-]*: \S.*")


def problems(message: str) -> list[str]:
    """The faults of a message, none when it is well formed."""
    lines = [line for line in message.splitlines() if not line.startswith("#")]
    subject, *rest = lines or [""]
    if subject.startswith("Merge "):
        return []
    found = []
    if len(subject) > MAX_SUBJECT:
        found.append(f"the subject has {len(subject)} characters, at most {MAX_SUBJECT} fit")
    if not _SUBJECT.fullmatch(subject):
        found.append("the subject is not of the form 'area: what changes'")
    if rest and rest[0].strip():
        found.append("an empty line stands between subject and body")
    if not any(line.strip() for line in rest):
        found.append("the body says why")
    return found


def main() -> int:
    """Print the faults of the message in the file that the command names."""
    found = problems(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
