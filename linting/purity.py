"""The contract "purity": a module whose docstring says that it is pure decides on values alone.

A module is pure when the word ``pure`` stands in its docstring or in that of a package around it, or when it is named
``rules``. It reaches nothing in ``forbidden_modules``, not even through others. It imports nothing in
``forbidden_directly``: the clock and chance are arguments. It calls no clock that a module of values offers besides.
``ignore_imports`` are imports that bring in a type of values alone.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils

_MARKER = re.compile(r"\bpure\b", re.IGNORECASE)
_CLOCKS = frozenset({"utc_now", "now", "utcnow", "today", "time_ns", "monotonic"})


def _source(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _says_pure(module: str) -> bool:
    docstring = ast.get_docstring(ast.parse(_source(module).read_text(encoding="utf-8")))
    return docstring is not None and _MARKER.search(docstring) is not None


def pure_modules(modules: Iterable[str]) -> list[str]:
    """The modules among ``modules`` that are pure by their own docstring, by a package around them, or by name."""
    marked = {module for module in modules if module.endswith(".rules") or _says_pure(module)}
    return sorted(
        module for module in modules if any(module == package or module.startswith(f"{package}.") for package in marked)
    )


def clock_calls(source: str) -> Iterator[tuple[int, str]]:
    """The lines of ``source`` that read a clock, and its name there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _CLOCKS:
                yield node.lineno, name


class PurityContract(Contract):
    """See the module. ``packages`` are searched for pure modules."""

    type_name = "purity"

    packages = fields.ListField(subfield=fields.StringField())
    forbidden_modules = fields.ListField(subfield=fields.StringField())
    forbidden_directly = fields.ListField(subfield=fields.StringField())
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002  the linter's signature
        """Every break as one line of text."""
        unknown = contract_utils.AlertLevel.ERROR
        contract_utils.remove_ignored_imports(graph, self.ignore_imports or (), unknown)  # type: ignore[arg-type]  # a field's value, not the field
        found = {
            module
            for package in self.packages  # type: ignore[attr-defined]  # a field's value, not the field
            for module in ({package} | graph.find_descendants(package))
        }
        pure = pure_modules(found)
        breaks = [
            *self._reached(graph, pure),
            *self._imported(graph, pure),
            *(
                f"{module}:{line} calls {name}(): time is an argument"
                for module in pure
                for line, name in clock_calls(_source(module).read_text(encoding="utf-8"))
            ),
        ]
        return ContractCheck(kept=not breaks, metadata={"breaks": breaks, "pure": pure})

    def _reached(self, graph: ImportGraph, pure: list[str]) -> Iterator[str]:
        for forbidden in self.forbidden_modules:  # type: ignore[attr-defined]  # as above
            if forbidden not in graph.modules:
                continue
            for module in sorted(graph.find_downstream_modules(forbidden, as_package=True).intersection(pure)):
                chain = graph.find_shortest_chain(importer=module, imported=forbidden) or (module, forbidden)
                yield " -> ".join(chain)

    def _imported(self, graph: ImportGraph, pure: list[str]) -> Iterator[str]:
        forbidden = set(self.forbidden_directly)  # type: ignore[call-overload]  # as above
        for module in pure:
            for imported in sorted(graph.find_modules_directly_imported_by(module) & forbidden):
                yield f"{module} -> {imported}"

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print every break."""
        for line in check.metadata["breaks"]:
            output.print_error(line)
