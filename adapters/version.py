"""The release of this installation, from pyproject.toml."""

from importlib import metadata

VERSION = metadata.version("tradegraph")
