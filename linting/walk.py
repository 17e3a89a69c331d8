"""The walk of a reader who follows a call through the domain: ``python -m linting.walk FILE CLASS.FUNCTION``.

Each function is read once, its calls in the order of the text, each followed at once. A call is followed when the text
says where it leads: a name of the module, an import, a method of ``self`` or of a value whose type is written. The walk
counts stays (runs of functions of one module) and returns: stays in a module that was left before. The kernel is the
language of the domain, not a place on the way: its functions do not count.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its definitions, and by local name the module and name of each import."""

    path: str
    definitions: dict[str, ast.AST]
    imports: dict[str, tuple[str, str]]


@dataclass(slots=True)
class Walk:
    """The functions in the order of the walk, by module and qualified name."""

    root: Path = _ROOT
    functions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def stays(self) -> list[str]:
        """The modules in the order of the walk; neighbours differ."""
        paths = [path for path, _ in self.functions if not path.startswith("domain/kernel/")]
        return [path for place, path in enumerate(paths) if place == 0 or paths[place - 1] != path]

    @property
    def returns(self) -> int:
        """The number of stays in a module that was left before."""
        return len(self.stays) - len(set(self.stays))

    def follow(self, path: str, name: str) -> "Walk":
        """Read a function and all that it calls."""
        module = _module(self.root, path)
        node = module.definitions.get(name)
        if not isinstance(node, Function) or (path, name) in self.functions:
            return self
        self.functions.append((path, name))
        owner = name.rpartition(".")[0]
        types = self._types(module, owner, node)
        for call in _calls(node):
            target = self._target(module, owner, types, call.func)
            if target is not None:
                self.follow(*target)
        return self

    def _target(
        self, module: Module, owner: str, types: dict[str, tuple[str, str]], called: ast.expr
    ) -> tuple[str, str] | None:
        if isinstance(called, ast.Name):
            return self._find(module, called.id)
        if not isinstance(called, ast.Attribute):
            return None
        value = called.value
        if isinstance(value, ast.Name) and value.id == "self" and owner:
            return module.path, f"{owner}.{called.attr}"
        key = ast.unparse(value)
        if key in types:
            path, name = types[key]
            return path, f"{name}.{called.attr}"
        if isinstance(value, ast.Name) and value.id in module.imports:
            imported = _path(self.root, ".".join(module.imports[value.id]))
            if imported is not None:
                return imported, called.attr
            found = self._find(module, value.id)
            return None if found is None else (found[0], f"{found[1]}.{called.attr}")
        return None

    def _find(self, module: Module, name: str) -> tuple[str, str] | None:
        if name in module.definitions:
            return module.path, name
        if name in module.imports:
            package, original = module.imports[name]
            path = _path(self.root, package)
            return None if path is None else (path, original)
        return None

    def _types(self, module: Module, owner: str, node: Function) -> dict[str, tuple[str, str]]:
        """The classes of arguments, of annotated names and of attributes of ``self``, where the text names them."""
        found: dict[str, tuple[str, str]] = {}

        def note(text: str, annotation: ast.expr | None) -> None:
            for part in _names(annotation):
                target = self._find(module, part)
                if target is not None and isinstance(
                    _module(self.root, target[0]).definitions.get(target[1]), ast.ClassDef
                ):
                    found[text] = target
                    return

        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in arguments:
            note(argument.arg, argument.annotation)
        parent = module.definitions.get(owner)
        body = list(ast.walk(parent)) if isinstance(parent, ast.ClassDef) else []
        for item in body:
            if isinstance(item, Function) and item.name == "__init__":
                given = {argument.arg: argument.annotation for argument in item.args.args + item.args.kwonlyargs}
                for line in ast.walk(item):
                    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Attribute):
                        text = ast.unparse(line.targets[0])
                        if isinstance(line.value, ast.Name):
                            note(text, given.get(line.value.id))
                        elif isinstance(line.value, ast.Call):
                            note(text, line.value.func)
        if isinstance(parent, ast.ClassDef):
            for item in parent.body:
                if isinstance(item, ast.AnnAssign):
                    note(f"self.{ast.unparse(item.target)}", item.annotation)
        for line in ast.walk(node):
            if isinstance(line, ast.AnnAssign):
                note(ast.unparse(line.target), line.annotation)
            elif (
                isinstance(line, ast.Assign)
                and isinstance(line.value, ast.Call)
                and isinstance(line.targets[0], ast.Name)
            ):
                note(line.targets[0].id, line.value.func)
        return found


def _names(annotation: ast.expr | None) -> Iterator[str]:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.Name):
        yield annotation.id
    elif isinstance(annotation, ast.BinOp):
        yield from _names(annotation.left)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of a function in the order of the text; arguments are evaluated before the call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield from _calls(child)
            yield child
        else:
            yield from _calls(child)


@cache
def _path(root: Path, module: str) -> str | None:
    path = Path(*module.split(".")).with_suffix(".py")
    return str(path) if (root / path).is_file() and module.startswith("domain.") else None


@cache
def _module(root: Path, path: str) -> Module:
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    definitions: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            definitions[node.name] = node
        if isinstance(node, ast.ClassDef):
            definitions |= {f"{node.name}.{item.name}": item for item in node.body if isinstance(item, Function)}
    imports = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return Module(path, definitions, imports)


def main() -> int:
    """Print the walk that begins with a function."""
    walk = Walk().follow(sys.argv[1], sys.argv[2])
    for path, name in walk.functions:
        print(f"{path}  {name}")
    print(f"{len(walk.stays)} stays in {len(set(walk.stays))} modules: {walk.returns} returns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
