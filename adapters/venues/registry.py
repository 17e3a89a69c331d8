"""The venues of this installation: their capabilities, and how to open them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from adapters.settings_error import SettingsError
from adapters.venues.venue_settings import VenueSetting
from domain.market.market import Market
from domain.orders.venues.port import Venue
from domain.orders.venues.types import Capabilities


class VenueSettingError(SettingsError):
    """A venue's setting is invalid for its gateway; the problem names the variable, never its value."""

    def __init__(self, problem: str) -> None:
        super().__init__([problem])


@dataclass(frozen=True, slots=True)
class ConfiguredVenue:
    """A venue that can be opened. ``capabilities`` are known in every process, ``open`` connects in the engine's.

    ``open`` gets the market, for the terms of instruments; its context ends the connection.
    """

    name: str
    capabilities: Capabilities
    open: Callable[[Market], AbstractAsyncContextManager[Venue]]


class Gateway(Protocol):
    """The factory of one kind of venue."""

    def __call__(self, setting: VenueSetting) -> ConfiguredVenue:
        """Check the setting without connecting.

        Raises:
            VenueSettingError: something is missing, unknown or wrong.
        """
        ...


def configure(settings: Iterable[VenueSetting], gateways: Mapping[str, Gateway]) -> dict[str, ConfiguredVenue]:
    """The configured venues by name.

    Raises:
        VenueSettingError: there is no such gateway, or it cannot use its setting.
    """
    venues: dict[str, ConfiguredVenue] = {}
    for setting in settings:
        gateway = gateways.get(setting.gateway)
        if gateway is None:
            known = ", ".join(sorted(gateways)) or "none"
            raise VenueSettingError(
                f"TRADEGRAPH_VENUES: there is no gateway {setting.gateway!r} for {setting.name}; there are: {known}"
            )
        venues[setting.name] = gateway(setting)
    return venues
