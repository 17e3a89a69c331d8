"""Writes the tables that the code defines into the pages of docs/; with --check, fails if a page is stale.

Run as a module. A table stands between two marks that name it. The reference of the API is written whole.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from adapters.settings.loading import Settings
from api.rights import DECISIONS, Rule
from api.root import platform_schema
from cli.reference import reference
from domain.orders.deciding.state import TRANSITIONS
from domain.orders.model.group_validation import BRACKET_MALFORMATIONS, OCO_MALFORMATIONS
from domain.orders.model.order_validation import CHANGE_MALFORMATIONS, MALFORMATIONS, Malformation
from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.types import RiskScope
from domain.system.task_definitions import DEFINITIONS
from domain.system.types import Interval, Trigger

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
DOCS = Path(__file__).resolve().parent.parent / "docs"


def _malformations(rows: Iterable[Malformation[Any]]) -> str:
    lines = ["| `field` | message |", "| --- | --- |"]
    lines += [f"| `{row.field}` | {row.message} |" for row in rows]
    return "\n".join(lines) + "\n"


def _transitions() -> str:
    lines = ["| from | to |", "| --- | --- |"]
    for status, targets in TRANSITIONS.items():
        # In the order in which the statuses are declared.
        names = ", ".join(f"`{target}`" for target in TRANSITIONS if target in targets)
        lines.append(f"| `{status}` | {names or 'nothing: it is over'} |")
    return "\n".join(lines) + "\n"


def _rights() -> str:
    lines = ["| who passes | queries | mutations | subscriptions |", "| --- | --- | --- | --- |"]
    for rule in Rule:
        fields = sorted(name.split(".") for name, each in DECISIONS.items() if each is rule)
        cells = [
            ", ".join(f"`{name}`" for kind, name in fields if kind == root)
            for root in ("Query", "Mutation", "Subscription")
        ]
        lines.append(f"| {rule.value} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _settings() -> str:
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for each in fields(Settings):
        default = each.metadata["otherwise"] or f"`{each.metadata['default']}`"
        lines.append(f"| `{each.metadata['name']}` | {default} | {each.metadata['meaning']} |")
    return "\n".join(lines) + "\n"


def _tasks() -> str:
    lines = ["| task | when | limit | retries | missed | what it does |", "| --- | --- | --- | --- | --- | --- |"]
    for name, each in sorted(DEFINITIONS.items()):
        missed = "made up for" if each.catch_up else "skipped"
        lines.append(
            f"| `{name}` | {_when(each.trigger)} | {each.timeout_seconds} s | {each.max_retries} | {missed} "
            f"| {each.description} |"
        )
    return "\n".join(lines) + "\n"


def _when(trigger: Trigger) -> str:
    if not isinstance(trigger, Interval):
        return f"`{trigger.line}` {trigger.zone}"
    size, unit = next(each for each in _UNITS if trigger.seconds % each[0] == 0)
    count = trigger.seconds // size
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _kinds() -> str:
    lines = [
        "| kind | limits | threshold | window | scopes | exits pass | monitored |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind, terms in KINDS.items():
        threshold = "none" if terms.measure is ThresholdUnit.NONE else terms.measure.value.lower()
        scopes = "all" if terms.scopes == frozenset(RiskScope) else _in_order(RiskScope, terms.scopes)
        scopes += " (with a symbol)" if terms.names_symbol else ""
        marks = (terms.window, terms.exits_pass, terms.monitored)
        window, exits, monitored = ("yes" if mark else "" for mark in marks)
        lines.append(f"| `{kind}` | {terms.limits} | {threshold} | {window} | {scopes} | {exits} | {monitored} |")
    return "\n".join(lines) + "\n"


def _in_order(enum: Iterable[Any], members: frozenset[Any]) -> str:
    return ", ".join(f"`{member}`" for member in enum if member in members)


# Each generated part of each page by the name in its marks.
PAGES: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "orders.md": {
        "transitions": _transitions,
        "orders": lambda: _malformations(MALFORMATIONS),
        "changes": lambda: _malformations(CHANGE_MALFORMATIONS),
        "brackets": lambda: _malformations(BRACKET_MALFORMATIONS),
        "ocos": lambda: _malformations(OCO_MALFORMATIONS),
    },
    "risk.md": {"kinds": _kinds},
    "api.md": {"rights": _rights},
    "operations.md": {"settings": _settings, "tasks": _tasks},
}


def with_tables(page: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """The page with every table between its marks up to date."""
    for name, make in tables.items():
        table = make()
        begin, end = f"<!-- {name}: generated by make schema -->\n", f"<!-- end of {name} -->\n"
        head, first, rest = page.partition(begin)
        _, second, tail = rest.partition(end)
        if not first or not second:
            raise ValueError(f"the page lacks the marks of {name}")
        page = f"{head}{begin}{table}{end}{tail}"
    return page


def fresh_pages() -> Iterator[tuple[Path, str, str]]:
    """Each page with generated parts: its path, its text, and the text that it ought to have."""
    for name, tables in PAGES.items():
        path = DOCS / name
        page = path.read_text(encoding="utf-8")
        yield path, page, with_tables(page, tables)
    path = DOCS / "reference.md"
    yield path, path.read_text(encoding="utf-8") if path.exists() else "", reference(platform_schema())


def main() -> int:
    """Bring the pages up to date, or only compare."""
    stale = 0
    for path, page, fresh in fresh_pages():
        if "--check" not in sys.argv[1:]:
            path.write_text(fresh, encoding="utf-8")
        elif fresh != page:
            print(f"the tables in docs/{path.name} are stale: run make schema", file=sys.stderr)
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
