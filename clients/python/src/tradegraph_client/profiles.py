"""Profiles: where a server is and with which key, in a file that only its owner may read.

The file is ``tradegraph/profiles.toml`` in the folder for configuration (``~/.config``), or what
TRADEGRAPH_CLIENT_PROFILES names. It has a table for each profile::

    [default]
    address = "https://desk.example.com"
    key = "tg_..."

TRADEGRAPH_CLIENT_ADDRESS and TRADEGRAPH_CLIENT_KEY together are a profile without a file. TRADEGRAPH_CLIENT_PROFILE
names another one than ``default``.
"""

import json
import os
import re
import stat
import tempfile
import tomllib
from pathlib import Path
from typing import Final, NamedTuple

from tradegraph_client.credentials import ApiKey
from tradegraph_client.errors import TradegraphError

DEFAULT: Final = "default"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS: Final = re.compile(r"https?://[^\s/]+(/\S*)?")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class ProfileError(TradegraphError):
    """A profile cannot be used.

    Attributes:
        code: PROFILE_UNKNOWN, PROFILE_UNSAFE (others may read the file) or PROFILE_INVALID.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Profile(NamedTuple):
    """A server and a key to it: ``Client(*load_profile())``."""

    address: str
    credential: ApiKey


def profiles_path() -> Path:
    """The file of profiles."""
    given = os.environ.get("TRADEGRAPH_CLIENT_PROFILES")
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(given) if given else Path(folder) / "tradegraph" / "profiles.toml"


def load_profile(name: str | None = None) -> Profile:
    """A profile: the one that is named, or else that of the environment, or else ``default``.

    Raises:
        ProfileError: there is none of this name, others may read the file, or it is not valid.
    """
    address, key = (os.environ.get(f"TRADEGRAPH_CLIENT_{part}") for part in ("ADDRESS", "KEY"))
    if name is None and address and key:
        return Profile(_valid_address(address), ApiKey(key))
    wanted = name or os.environ.get("TRADEGRAPH_CLIENT_PROFILE") or DEFAULT
    profiles = load_profiles()
    if wanted not in profiles:
        known = f"there are {', '.join(sorted(profiles))}" if profiles else "make one with: tradegraph login ADDRESS"
        raise ProfileError("PROFILE_UNKNOWN", f"there is no profile {wanted!r} in {profiles_path()}; {known}")
    return profiles[wanted]


def load_profiles() -> dict[str, Profile]:
    """All profiles by name; none where there is no file.

    Raises:
        ProfileError: others may read the file, or it is not valid.
    """
    path = profiles_path()
    try:
        with path.open("rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            stored = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ProfileError("PROFILE_INVALID", f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("PROFILE_INVALID", f"{path} is not valid TOML: {error}") from error
    return {name: _profile(path, name, table) for name, table in stored.items()}


def save_profile(name: str, address: str, key: str) -> Path:
    """Add a profile, or replace the one of this name; the file, which only its owner may read.

    Raises:
        ProfileError: the name or the address is not valid, or the file cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise ProfileError("PROFILE_INVALID", f"{name!r} is no name: letters, digits, - and _, up to 64")
    return _store(load_profiles() | {name: Profile(_valid_address(address), ApiKey(key))})


def remove_profile(name: str) -> None:
    """Forget a profile.

    Raises:
        ProfileError: there is none of this name, or the file cannot be used.
    """
    load_profile(name)
    _store({other: profile for other, profile in load_profiles().items() if other != name})


def _store(profiles: dict[str, Profile]) -> Path:
    path = profiles_path()
    tables = (
        f"[{name}]\naddress = {json.dumps(profile.address)}\nkey = {json.dumps(profile.credential.secret)}\n"
        for name, profile in sorted(profiles.items())
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 600 and moved into place whole: at no moment can others read it.
        number, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write("\n".join(tables))
        Path(made).replace(path)
    except OSError as error:
        raise ProfileError("PROFILE_INVALID", f"{path} cannot be written: {error.strerror}") from error
    return path


def _check_owner(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":
        return
    if found.st_mode & _OTHERS:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        raise ProfileError("PROFILE_UNSAFE", f"others may read {path} (mode {mode}): chmod 600 {path}")
    if found.st_uid != os.geteuid():
        raise ProfileError("PROFILE_UNSAFE", f"{path} belongs to another user")


def _profile(path: Path, name: str, table: object) -> Profile:
    address, key = (table.get(part) if isinstance(table, dict) else None for part in ("address", "key"))
    if not isinstance(address, str) or not isinstance(key, str):
        raise ProfileError("PROFILE_INVALID", f"profile {name!r} in {path} needs an address and a key")
    return Profile(_valid_address(address), ApiKey(key))


def _valid_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ProfileError("PROFILE_INVALID", f"{address!r} is no address: http://HOST:PORT or https://HOST")
    return address.rstrip("/")
