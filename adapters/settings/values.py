"""Parsers of setting values: functions of a variable's text, which raise ValueError with the reason."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.venues.crypto.exchange_address import ExchangeAddress, parse_address
from domain.access.rules import check_email, check_password
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import BadInput

MINIMUM_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class FeedSetting:
    """The source of market data. `speed` belongs to a replay: a multiple of the original pace, None for no pauses."""

    kind: Literal["sim", "replay", "ccxt", "off"]
    path: Path | None = None
    speed: float | None = 1.0
    address: ExchangeAddress | None = None


@dataclass(frozen=True, slots=True)
class LogSetting:
    """The level of logging, and its format: for a person (`console`) or a collector (`json`)."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["console", "json"]


def host(value: str) -> str:
    """An address or a name to listen on."""
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
        raise ValueError("must be an address or a host name")
    return value


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on."""

    host: str
    port: int


def comp_id(value: str) -> str:
    """Parse the name of a side of a FIX session."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes or underscores")
    return value


def address(value: str) -> Address:
    """A host and a port, such as 127.0.0.1:9464; port 0 is any that is free."""
    name, separator, port = value.rpartition(":")
    if not separator or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise ValueError("must be a host and a port, such as 127.0.0.1:9464")
    return Address(host(name.strip("[]")), int(port))


def database_name(value: str) -> str:
    """The name of a database or a bucket."""
    if not re.fullmatch(r"[A-Za-z0-9_./-]{1,100}", value):
        raise ValueError("must be a name of letters, digits and _ . / -")
    return value


def pooler(value: str) -> str:
    """The mode of a pooler.

    Raises:
        ValueError: it is another than that of transactions.
    """
    if value != "transaction":
        raise ValueError("must be transaction, the only mode of a pooler that is supported")
    return value


def token(value: str) -> str:
    """A token of another system."""
    if not re.fullmatch(r"[!-~]{1,1000}", value):
        raise ValueError("must be of printable characters without spaces")
    return value


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    return parse


def path(value: str) -> Path:
    """A path from the working folder, or the home folder."""
    return Path(value).expanduser().absolute()


def paths(value: str) -> tuple[Path, ...]:
    """Files or folders that are there, with commas between them."""
    found = tuple(path(part.strip()) for part in value.split(",") if part.strip())
    for each in found:
        if not each.exists():
            raise ValueError(f"there is no file {each}")
    return found


def operations(value: str) -> Literal["any", "listed"]:
    """The operations that are executed."""
    if value == "any":
        return "any"
    if value == "listed":
        return "listed"
    raise ValueError("must be any or listed")


def email(value: str) -> str:
    """A person's address."""
    return as_value_error(check_email, value)


def password(value: str) -> str:
    """A password that a person could have."""
    return as_value_error(partial(check_password, email=""), value)


def as_value_error(check: Callable[[str], str], value: str) -> str:
    """Apply a rule of the access area: a value that sign-up refuses is refused as a setting too."""
    try:
        return check(value)
    except BadInput as error:
        raise ValueError(error.message) from None


def secret(value: str) -> str:
    """A text that is long enough to sign with."""
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ValueError(f"must have at least {MINIMUM_SECRET_LENGTH} characters")
    return value


def feed(value: str) -> FeedSetting:
    """The source of market data."""
    if value == "sim":
        return FeedSetting("sim")
    if value == "off":
        return FeedSetting("off")
    kind, _, rest = value.partition(":")
    if kind == "ccxt":
        return FeedSetting("ccxt", address=parse_address(rest))
    if kind != "replay" or not rest:
        raise ValueError("must be sim, off, replay:FILE[:SPEED], or ccxt:EXCHANGE")
    name, pace = rest, speed("1")
    head, separator, tail = rest.rpartition(":")
    if separator and not Path(rest).exists():
        name, pace = head, speed(tail)
    file = path(name)
    if not file.exists():
        raise ValueError(f"there is no file {file}")
    if not os.access(file, os.R_OK):
        raise ValueError(f"the file {file} cannot be read")
    return FeedSetting("replay", file, pace)


def speed(value: str) -> float | None:
    """A multiple of the original pace; None for no pauses."""
    if value == "max":
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or float(value) == 0:
        raise ValueError("SPEED must be a positive number or max")
    return float(value)


def day_roll(value: str) -> DayRoll:
    """A wall-clock time and its zone."""
    clock, _, zone = value.partition(" ")
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", clock) or not zone:
        raise ValueError("must be a time and a zone, such as 17:00 America/New_York")
    try:
        return DayRoll(time.fromisoformat(clock), ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {zone}") from None


def log(value: str) -> LogSetting:
    """A level and a format."""
    level, _, form = value.lower().partition(":")
    match level, form or "console":
        case ("debug" | "info" | "warning" | "error") as known_level, ("console" | "json") as known_format:
            return LogSetting(known_level, known_format)
    raise ValueError("must be debug, info, warning or error, with :json or :console behind it if need be")


def origins(value: str) -> tuple[str, ...]:
    """Origins of pages, with commas or spaces between them."""
    found = tuple(part for part in re.split(r"[,\s]+", value) if part)
    for origin in found:
        parts = urlsplit(origin)
        _ = parts.port  # Raises for a port that is no number.
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("must be origins such as https://desk.example, with commas between them")
    return found


def networks(value: str) -> tuple[str, ...]:
    """Addresses and networks such as 10.0.0.0/8, with commas or spaces between them."""
    found = tuple(part for part in re.split(r"[,\s]+", value) if part)
    for network in found:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8, with commas between them") from None
    return found


def hosts(value: str) -> tuple[str, ...]:
    """Names of hosts, ``*.name`` for all below one, ``*`` for any; with commas or spaces between them."""
    found = tuple(part for part in re.split(r"[,\s]+", value) if part)
    for name in found:
        if name != "*" and not re.fullmatch(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", name):
            raise ValueError("must be names such as desk.example or *.desk.example without a port, with commas between")
    return found


def url(*schemes: str) -> Callable[[str], str]:
    """An address of one of these kinds."""

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
