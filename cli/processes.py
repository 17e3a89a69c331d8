"""What every long-running process does first: settings, secrets, servers, logging."""

import os
from pathlib import Path

from adapters.credentials import complete
from adapters.embedded.place import make_private_folder
from adapters.logs import configure_logging
from adapters.settings import Settings, load_settings
from adapters.venues.registry import configure
from adapters.wiring import GATEWAYS
from cli.addresses import with_running_servers

PROJECT = Path(__file__).resolve().parent.parent


def process_settings() -> Settings:
    """The settings of this process, complete, with its logging configured by them."""
    settings = with_running_servers(load_settings(os.environ))
    configure(settings.venues, GATEWAYS)
    make_private_folder(settings.data_dir)
    settings = complete(settings)
    configure_logging(settings.log, secrets=settings.venue_secrets())
    return settings
