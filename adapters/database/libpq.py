"""PostgreSQL's own programs (psql, pg_dump, pg_restore): their paths, and their addresses."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.embedded.binaries import installed_binaries


def program(name: str) -> Path:
    """The path of one of the programs that come along."""
    return installed_binaries().postgres(name)


def address_variables(url: str) -> dict[str, str]:
    """The address as environment variables for the programs.

    Other users of the machine could read an argument, password included.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    variables = {
        "PGHOST": options.get("host") or parts.hostname,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": unquote(parts.username) if parts.username else None,
        "PGPASSWORD": unquote(parts.password) if parts.password else None,
        "PGDATABASE": unquote(parts.path.lstrip("/")) or "postgres",
        "PGSSLMODE": options.get("sslmode"),
    }
    return {name: value for name, value in variables.items() if value is not None}
