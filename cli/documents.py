"""`tradegraph documents`: the operations that clients were built with, as the API lists them; needing no database."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson
from graphql import GraphQLSchema, OperationDefinitionNode, parse, specified_rules, validate

from adapters.document_files import read_documents
from adapters.settings.loading import Settings, load_settings
from api.graphql.listed import digest_of
from api.root import platform_schema
from cli.processes import PROJECT

DESK = PROJECT / "web" / "desk" / "dist"
# The build of the desk writes it.
_OF_DESK = DESK / "documents.json"


def document_files(settings: Settings) -> tuple[Path, ...]:
    """The files of documents that `web` lists: the desk's, if it is built, and those of the setting."""
    return (*((_OF_DESK,) if _OF_DESK.is_file() else ()), *settings.documents)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, and the form of the output."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="manifests (*.json), documents (*.graphql) or folders of them; "
        "the trading desk's and those of TRADEGRAPH_DOCUMENTS if absent",
    )
    parser.add_argument("--json", action="store_true", help="print a manifest: an object from id to document")


def run(arguments: argparse.Namespace) -> int:
    """Print the documents; fail when one does not fit the schema."""
    texts = read_documents(arguments.files or document_files(load_settings(os.environ)))
    if arguments.json:
        manifest = {f"sha256:{digest_of(text)}": text for text in texts}
        print(orjson.dumps(manifest, option=orjson.OPT_INDENT_2).decode())
    else:
        for text in texts:
            print(f"sha256:{digest_of(text)}  {_operations(text)}")
    problems = list(_problems(platform_schema(), texts))
    for problem in problems:
        print(f"tradegraph: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _operations(text: str) -> str:
    """The kind and name of each operation of a document."""
    nodes = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    return ", ".join(f"{each.operation.value} {each.name.value if each.name else '(no name)'}" for each in nodes)


def _problems(schema: GraphQLSchema, texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for error in validate(schema, parse(text), specified_rules):
            yield f"{_operations(text)}: {error.message}"
