"""Files of persisted documents, and the command that lists them."""

from pathlib import Path

import orjson
import pytest

from adapters.document_files import read_documents
from adapters.settings_error import SettingsError
from api.graphql.listed import digest_of
from cli.main import main

ONE, TWO, THREE = "query One { viewer { id } }", "{ viewer { email } }", "subscription Three { quotes { symbol } }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "codegen.json").write_bytes(orjson.dumps({digest_of(ONE): ONE}))
    operations = [{"id": digest_of(TWO), "name": "", "type": "query", "body": TWO}, {"id": "own", "body": ONE}]
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    (tmp_path / "apollo.json").write_bytes(orjson.dumps(apollo))
    (tmp_path / "three.graphql").write_text(THREE)
    (tmp_path / "notes.txt").write_text("nothing")
    return tmp_path


def test_manifests_documents_and_folders_are_read(folder: Path) -> None:
    assert set(read_documents([folder])) == {ONE, TWO, THREE}
    assert read_documents([folder / "codegen.json", folder / "apollo.json"]) == (ONE, TWO)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", "{", "it is not valid JSON"),
        ("a.json", "[]", "it is no manifest of documents"),
        ("a.json", '{"a": 1}', "it is no manifest of documents"),
        ("a.json", '{"operations": [{"id": "a"}]}', "it is no manifest of documents"),
        ("a.json", '{"a": "query {"}', "a is no GraphQL: Syntax Error: Expected Name, found <EOF>."),
        ("a.json", f'{{"{"0" * 64}": "{ONE}"}}', f"{'0' * 64} is not the SHA-256 hash of its document"),
        ("a.graphql", "", "the document is no GraphQL: Syntax Error: Unexpected <EOF>."),
    ],
)
def test_an_invalid_document_file_is_named_with_its_fault(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SettingsError) as caught:
        read_documents([tmp_path, tmp_path / "missing.json"])
    assert caught.value.problems == [
        f"TRADEGRAPH_DOCUMENTS: {tmp_path / name}: {problem}",
        f"TRADEGRAPH_DOCUMENTS: cannot read {tmp_path / 'missing.json'}: No such file or directory",
    ]


def test_the_command_lists_and_checks_documents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(folder / "codegen.json"), str(folder / "apollo.json")]
    assert main(["documents", *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"sha256:{digest_of(ONE)}  query One", f"sha256:{digest_of(TWO)}  query (no name)"]
    assert main(["documents", "--json", *files]) == 0
    assert orjson.loads(capsys.readouterr().out) == {f"sha256:{digest_of(text)}": text for text in (ONE, TWO)}
    (folder / "old.graphql").write_text("query Old { viewer { shoeSize } }")
    assert main(["documents", str(folder / "old.graphql")]) == 1
    assert "query Old: Cannot query field 'shoeSize'" in capsys.readouterr().err
