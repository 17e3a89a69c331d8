"""The first steps of every long-running process: settings, secrets, servers, logging."""

import os
import resource
from contextlib import suppress
from pathlib import Path

from adapters.credentials import complete
from adapters.embedded.server_folder import make_private_folder
from adapters.logs.configuration import configure_logging
from adapters.settings.loading import Settings, load_settings
from adapters.settings_error import SettingsError
from adapters.venues.registry import configure
from adapters.wiring import GATEWAYS
from cli.addresses import with_running_servers
from domain.market.calendars import keep_calendars_in

_DESCRIPTORS = 65_536
# The schedules of exchanges, in the data folder; it may be removed at any time.
CALENDARS = "calendars"
PROJECT = Path(__file__).resolve().parent.parent


def process_settings() -> Settings:
    """The settings of this process, complete, with its logging configured by them."""
    raise_descriptor_limit()
    settings = with_running_servers(load_settings(os.environ))
    configure(settings.venues, GATEWAYS)
    make_private_folder(settings.data_dir)
    keep_calendars_in(settings.data_dir / CALENDARS)
    settings = complete(settings)
    configure_logging(settings.log, secrets=settings.venue_secrets())
    return settings


def holds_locks(settings: Settings, command: str) -> None:
    """Check that a process that holds locks of a session keeps its session.

    Raises:
        SettingsError: it would reach the database through a pooler that gives it another for each transaction.
    """
    if settings.pooler:
        reason = f"{command} holds locks of a session: let DATABASE_URL lead past the pooler"
        raise SettingsError([f"TRADEGRAPH_POOLER: {reason}, and set it for web alone"])


def raise_descriptor_limit() -> None:
    """Let this process, and those that it starts, open as many files and connections as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Where there is no bound at all, a large one does: some systems refuse to name none.
        wanted = hard if hard != resource.RLIM_INFINITY else max(soft, _DESCRIPTORS)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
