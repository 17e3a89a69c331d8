"""Check that `tradegraph_client/generated` is fresh, without the generator.

    python clients/python/generator/fingerprint.py

The fingerprint covers what the generated files are made of (the operations, the parts of the schema that they use,
the generator's settings) and the files themselves. It changes with nothing else: a field that no operation asks for
does not matter.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.validation import NoUnusedFragmentsRule, specified_rules

PYTHON_CLIENT = Path(__file__).resolve().parents[1]
GENERATED = PYTHON_CLIENT / "src" / "tradegraph_client" / "generated"
_SCHEMA = PYTHON_CLIENT.parents[1] / "schema.graphql"
_STAMP = GENERATED / "FINGERPRINT"


def read_schema() -> GraphQLSchema:
    """The API's schema."""
    return build_schema(_SCHEMA.read_text(encoding="utf-8"))


def read_operations() -> DocumentNode:
    """All operations of the client."""
    files = sorted((PYTHON_CLIENT / "operations").rglob("*.graphql"))
    return parse("\n".join(file.read_text(encoding="utf-8") for file in files))


def problems() -> list[str]:
    """Why the generated files are not fresh; empty when they are."""
    schema, operations = read_schema(), read_operations()
    rules = [rule for rule in specified_rules if rule is not NoUnusedFragmentsRule]
    invalid = [f"clients/python/operations: {error.message}" for error in validate(schema, operations, rules)]
    if invalid:
        return invalid
    if not _STAMP.exists() or _STAMP.read_text().strip() != _fingerprint(schema, operations):
        return ["the Python client is not as schema.graphql and clients/python/operations make it: run make client"]
    return []


def stamp() -> None:
    """Say that the generated files are fresh."""
    _STAMP.write_text(f"{_fingerprint(read_schema(), read_operations())}\n")


def _fingerprint(schema: GraphQLSchema, operations: DocumentNode) -> str:
    digest = hashlib.sha256()
    for part in (*_used_fields(schema, operations), *_words_and_inputs(schema), *_files()):
        digest.update(f"{part}\n".encode())
    return digest.hexdigest()


def _used_fields(schema: GraphQLSchema, operations: DocumentNode) -> list[str]:
    """The type of every field that is asked for, and of its arguments."""
    info, used = TypeInfo(schema), set()

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, field = info.get_parent_type(), info.get_field_def()
            if parent is not None and field is not None:
                given = {argument.name.value for argument in node.arguments or ()}
                types = [f"{name}: {argument.type}" for name, argument in field.args.items() if name in given]
                used.add(f"{parent.name}.{node.name.value}({', '.join(sorted(types))}): {field.type}")

    visit(operations, TypeInfoVisitor(info, Collector()))
    return sorted(used)


def _words_and_inputs(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in sorted(schema.type_map.items()):
        if isinstance(kind, GraphQLEnumType) and not name.startswith("__"):
            yield f"enum {name}: {' '.join(sorted(kind.values))}"
        elif isinstance(kind, GraphQLInputObjectType):
            yield f"input {name}: {kind.description}"
            for field, value in sorted(kind.fields.items()):
                given = value.ast_node.default_value if value.ast_node is not None else None
                yield f"  {field}: {value.type} = {print_ast(given) if given else None}  {value.description}"


def _files() -> Iterator[str]:
    sources = [*(PYTHON_CLIENT / "operations").rglob("*.graphql"), *(PYTHON_CLIENT / "generator").glob("*.*")]
    for file in sorted([*sources, *GENERATED.glob("*.py")]):
        yield f"{file.relative_to(PYTHON_CLIENT)} {hashlib.sha256(file.read_bytes()).hexdigest()}"


if __name__ == "__main__":
    found = problems()
    if found:
        sys.exit("\n".join(found))
