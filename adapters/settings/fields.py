"""The declaration of a setting, and reading all declared ones from an environment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, field
from typing import Any


def variable(
    name: str,
    default: str,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    otherwise: str = "",
    secret: bool = False,
    empty: Any = "",
) -> Any:
    """Declare a setting; `otherwise` describes the behaviour without it, when the default does not.

    `empty` is the value when it is not set and has no default.
    """
    metadata = {"name": name, "default": default, "parse": parse, "meaning": meaning, "otherwise": otherwise}
    return field(metadata=metadata | {"secret": secret, "empty": empty})


def read_values(declared: Iterable[Field[Any]], environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The values of declared settings by their fields' names, and a line for each that is wrong."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for each in declared:
        name, parse = each.metadata["name"], each.metadata["parse"]
        text = environment.get(name, "").strip() or each.metadata["default"]
        try:
            found[each.name] = parse(text) if text else each.metadata["empty"]
        except ValueError as error:
            # A secret's value must not reach the terminal or the log.
            shown = "" if each.metadata["secret"] else f" (it is {text!r})"
            problems.append(f"{name}: {error}{shown}")
    return found, problems
