"""The manifest of the Python client's operations."""

import subprocess
import sys
from pathlib import Path

from graphql import build_schema, parse, validate

from adapters.document_files import read_documents
from api.graphql.listed import Listed
from tradegraph_client.credentials import LOGIN, REFRESH
from tradegraph_client.generated import documents

_ROOT = Path(__file__).parents[2]


def test_a_server_of_listed_operations_takes_all_that_the_client_sends(tmp_path: Path) -> None:
    manifest = tmp_path / "client.json"
    command = [sys.executable, "-m", "tradegraph_client.manifest"]
    manifest.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    texts = read_documents([manifest])
    listed = Listed(texts, only=True)
    sent = [LOGIN, REFRESH, *(getattr(documents, name) for name in documents.__all__)]
    assert all(listed.admits(parse(text)) for text in sent)
    schema = build_schema((_ROOT / "schema.graphql").read_text(encoding="utf-8"))
    assert [error.message for text in texts for error in validate(schema, parse(text))] == []
