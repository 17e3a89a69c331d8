"""Files of persisted GraphQL documents, in the formats of common client tools.

A file ``*.json`` is a manifest: of graphql-codegen or Relay (an object from hash to document) or of Apollo (a list of
``operations`` with ``id`` and ``body``). A file ``*.graphql`` is one document. A folder stands for all
such files in it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import GraphQLError, parse

from adapters.settings_error import SettingsError

_SUFFIXES: Final = (".json", ".graphql")
_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_MOST_BYTES: Final = 16_000_000
_MOST_DOCUMENTS: Final = 10_000
_VARIABLE: Final = "TRADEGRAPH_DOCUMENTS"


def read_documents(paths: Iterable[Path]) -> tuple[str, ...]:
    """The documents of all files, each once.

    Raises:
        SettingsError: with one line for each file that cannot be used.
    """
    found: dict[str, None] = {}
    problems: list[str] = []
    for file in _files(paths):
        try:
            found |= dict.fromkeys(_documents(file))
        except OSError as error:
            problems.append(f"{_VARIABLE}: cannot read {file}: {error.strerror}")
        except ValueError as error:
            problems.append(f"{_VARIABLE}: {file}: {error}")
    if len(found) > _MOST_DOCUMENTS:
        problems.append(f"{_VARIABLE}: these are {len(found)} documents; at most {_MOST_DOCUMENTS} are listed")
    if problems:
        raise SettingsError(problems)
    return tuple(found)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
        else:
            yield path


def _documents(file: Path) -> list[str]:
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError(f"a file has at most {_MOST_BYTES} bytes")
    content = file.read_text(encoding="utf-8")
    pairs = [("", content)] if file.suffix == ".graphql" else _pairs(content)
    for name, text in pairs:
        digest = _HASH.fullmatch(name)
        if digest is not None and digest.group(1) != hashlib.sha256(text.encode()).hexdigest():
            raise ValueError(f"{name} is not the SHA-256 hash of its document")
        try:
            parse(text)
        except GraphQLError as error:
            raise ValueError(f"{name or 'the document'} is no GraphQL: {error.message}") from None
    return [text for _, text in pairs]


def _pairs(content: str) -> list[tuple[str, str]]:
    try:
        manifest = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ValueError("it is not valid JSON") from None
    pairs: list[tuple[Any, Any]]
    listed: Any = manifest.get("operations") if isinstance(manifest, Mapping) else None
    if isinstance(listed, list):
        pairs = [(each.get("id"), each.get("body")) if isinstance(each, Mapping) else (None, None) for each in listed]
    else:
        pairs = list(manifest.items()) if isinstance(manifest, Mapping) else [(None, None)]
    usable = [(name, text) for name, text in pairs if isinstance(name, str) and isinstance(text, str)]
    if len(usable) < len(pairs):
        raise ValueError("it is no manifest of documents")
    return usable
