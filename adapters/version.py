"""Which release this is, as pyproject.toml says it."""

from importlib import metadata

VERSION = metadata.version("tradegraph")
