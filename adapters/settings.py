"""All settings of the platform: one frozen object, read from the environment once and checked whole.

Every variable is declared here with its meaning, so that the table in docs/operations.md is generated from this file.
A variable that is set to nothing counts as not set. A wrong value, or a TRADEGRAPH_ variable that does not exist, is
an error that names the variable; all of them are reported at once.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.settings_error import SettingsError
from adapters.venues.crypto.address import ExchangeAddress, parse_address
from adapters.venues.setting import OPTION_PREFIX, VenueSetting, is_option, parse_venues, with_options
from domain.access.rules import MIN_PASSWORD_LENGTH, check_email, check_password
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import BadInput

PREFIX = "TRADEGRAPH_"
# Set by `tradegraph up` for the processes that it starts; nobody else's to set, so not in the table.
LIFELINE_VARIABLE = "TRADEGRAPH_LIFELINE"

_MASK = "***"
_MINIMUM_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class FeedSetting:
    """Where market data comes from. `speed` belongs to a replay: a multiple of the original pace, None for no pause."""

    kind: Literal["sim", "replay", "ccxt", "off"]
    path: Path | None = None
    speed: float | None = 1.0
    address: ExchangeAddress | None = None


@dataclass(frozen=True, slots=True)
class LogSetting:
    """How much is logged, and for whom: a person (`console`) or a collector (`json`)."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["console", "json"]


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
        raise ValueError("must be an address or a host name")
    return value


def _whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    return parse


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _email(value: str) -> str:
    return _as_value_error(check_email, value)


def _password(value: str) -> str:
    return _as_value_error(partial(check_password, email=""), value)


def _as_value_error(check: Callable[[str], str], value: str) -> str:
    """Apply a rule of the access area: what a person could not be given at sign-up cannot be a setting either."""
    try:
        return check(value)
    except BadInput as error:
        raise ValueError(error.message) from None


def _secret(value: str) -> str:
    if len(value) < _MINIMUM_SECRET_LENGTH:
        raise ValueError(f"must have at least {_MINIMUM_SECRET_LENGTH} characters")
    return value


def _feed(value: str) -> FeedSetting:
    if value == "sim":
        return FeedSetting("sim")
    if value == "off":
        return FeedSetting("off")
    kind, _, rest = value.partition(":")
    if kind == "ccxt":
        return FeedSetting("ccxt", address=parse_address(rest))
    if kind != "replay" or not rest:
        raise ValueError("must be sim, off, replay:FILE[:SPEED], or ccxt:EXCHANGE")
    name, speed = rest, _speed("1")
    head, separator, tail = rest.rpartition(":")
    if separator and not Path(rest).exists():
        name, speed = head, _speed(tail)
    path = _path(name)
    if not path.exists():
        raise ValueError(f"there is no file {path}")
    if not os.access(path, os.R_OK):
        raise ValueError(f"the file {path} cannot be read")
    return FeedSetting("replay", path, speed)


def _speed(value: str) -> float | None:
    if value == "max":
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or float(value) == 0:
        raise ValueError("SPEED must be a positive number or max")
    return float(value)


def _day_roll(value: str) -> DayRoll:
    clock, _, zone = value.partition(" ")
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", clock) or not zone:
        raise ValueError("must be a time and a zone, such as 17:00 America/New_York")
    try:
        return DayRoll(time.fromisoformat(clock), ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {zone}") from None


def _log(value: str) -> LogSetting:
    level, _, form = value.lower().partition(":")
    match level, form or "console":
        case ("debug" | "info" | "warning" | "error") as known_level, ("console" | "json") as known_format:
            return LogSetting(known_level, known_format)
    raise ValueError("must be debug, info, warning or error, with :json or :console behind it if need be")


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part for part in re.split(r"[,\s]+", value) if part)
    for origin in origins:
        parts = urlsplit(origin)
        _ = parts.port  # Raises for a port that is no number.
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("must be origins such as https://desk.example, with commas between them")
    return origins


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            # The library's own message would repeat a part of it, perhaps of the password.
            raise ValueError(
                "is no address; characters such as : / @ in a password must be written as %3A %2F %40"
            ) from None
        if parts.scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return parse


def _variable(
    name: str,
    default: str,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    otherwise: str = "",
    secret: bool = False,
    empty: Any = "",
) -> Any:
    """Declare a setting; `otherwise` says what happens without it, when the default is not itself the answer.

    `empty` is the value when it is not set and has no default.
    """
    metadata = {"name": name, "default": default, "parse": parse, "meaning": meaning, "otherwise": otherwise}
    return field(metadata=metadata | {"secret": secret, "empty": empty})


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings of one process. Secrets and addresses with passwords are masked in its repr."""

    host: str = _variable("TRADEGRAPH_HOST", "127.0.0.1", _host, "Address that `web` listens on.")
    port: int = _variable("TRADEGRAPH_PORT", "8000", _whole_number(1, 65535), "Port that `web` listens on.")
    data_dir: Path = _variable(
        "TRADEGRAPH_DATA_DIR", ".data", _path, "The data folder; a relative path starts at the working folder."
    )
    admin_email: str = _variable(
        "TRADEGRAPH_ADMIN_EMAIL", "admin@tradegraph.localhost", _email, "The first administrator, created when missing."
    )
    admin_password: str = _variable(
        "TRADEGRAPH_ADMIN_PASSWORD",
        "",
        _password,
        f"The first administrator's password, at least {MIN_PASSWORD_LENGTH} characters.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    secret: str = _variable(
        "TRADEGRAPH_SECRET",
        "",
        _secret,
        f"Signs sessions, at least {_MINIMUM_SECRET_LENGTH} characters; the same for every process and host.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    feed: FeedSetting = _variable(
        "TRADEGRAPH_FEED",
        "sim",
        _feed,
        "Market data: `sim` (simulated), `off`, `replay:FILE[:SPEED]` (SPEED: a multiple of the first pace, or `max`), "
        "`ccxt:EXCHANGE` (live, of a crypto exchange).",
    )
    venues: tuple[VenueSetting, ...] = _variable(
        "TRADEGRAPH_VENUES",
        "",
        parse_venues,
        "Venues beside `paper`: `NAME=GATEWAY:TARGET`, commas between. Keys are in `TRADEGRAPH_VENUE_<NAME>_<OPTION>`.",
        otherwise="only the paper venue",
        empty=(),
    )
    day_roll: DayRoll = _variable(
        "TRADEGRAPH_DAY_ROLL", "00:00 UTC", _day_roll, "When the platform's day ends: a time and a zone."
    )
    log: LogSetting = _variable(
        "TRADEGRAPH_LOG",
        "info:console",
        _log,
        "Least severe level that is logged (`debug`, `info`, `warning`, `error`), and the format, `console` or `json`.",
    )
    web_processes: int = _variable(
        "TRADEGRAPH_WEB_PROCESSES", "1", _whole_number(1, 64), "How many processes `web` serves with."
    )
    task_lease_seconds: int = _variable(
        "TRADEGRAPH_TASK_LEASE",
        "20",
        _whole_number(2, 50),
        "After so many seconds without a sign of life a worker counts as dead, and another takes up what it ran.",
    )
    allowed_origins: tuple[str, ...] = _variable(
        "TRADEGRAPH_ALLOWED_ORIGINS",
        "",
        _origins,
        "Origins whose pages may use the API, such as `https://desk.example`, with commas between them.",
        otherwise="only pages of this server itself",
        empty=(),
    )
    database_url: str = _variable(
        "DATABASE_URL",
        "",
        _url("postgresql", "postgres"),
        "PostgreSQL 15 to 18, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`.",
        otherwise="a private server in the data folder",
        secret=True,
    )
    redis_url: str = _variable(
        "REDIS_URL",
        "",
        _url("redis", "rediss", "unix"),
        "Redis 7 to 8 or Valkey 8 to 9, `redis://:PASSWORD@HOST:PORT/NUMBER`.",
        otherwise="a private server in the data folder",
        secret=True,
    )

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):
            value = getattr(self, each.name)
            shown.append(f"{each.name}={_MASK if each.metadata['secret'] and value else repr(value)}")
        return f"Settings({', '.join(shown)})"

    def venue_secrets(self) -> list[str]:
        """What gateways are told: keys, above all."""
        return [value for venue in self.venues for value in venue.options.values()]

    def environment(self) -> dict[str, str]:
        """What only this process knows and its children need: generated secrets, private servers' addresses."""
        return {
            each.metadata["name"]: value
            for each in fields(self)
            if each.metadata["secret"] and (value := getattr(self, each.name))
        }


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: with one line for each variable that is wrong or unknown.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in fields(Settings):
        name, parse = each.metadata["name"], each.metadata["parse"]
        text = environment.get(name, "").strip() or each.metadata["default"]
        try:
            values[each.name] = parse(text) if text else each.metadata["empty"]
        except ValueError as error:
            # A secret's value must not reach the terminal or the log.
            shown = "" if each.metadata["secret"] else f" (it is {text!r})"
            problems.append(f"{name}: {error}{shown}")
    problems += _unknown(environment, values.get("venues"))
    if problems:
        raise SettingsError(problems)
    values["venues"] = with_options(values["venues"], environment)
    return Settings(**values)


def _unknown(environment: Mapping[str, str], venues: tuple[VenueSetting, ...] | None) -> list[str]:
    known = [each.metadata["name"] for each in fields(Settings)]
    problems = []
    for name in sorted(environment):
        # Whose variables are whose cannot be told while the list of venues is wrong.
        if name.startswith(OPTION_PREFIX) and (venues is None or is_option(name, venues)):
            continue
        if name.startswith(PREFIX) and name not in known and name != LIFELINE_VARIABLE:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            problems.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return problems
