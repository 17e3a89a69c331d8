"""The servers of a command: the configured ones, those of a running launcher, or new private ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from adapters.embedded import embedded_services, running_services
from adapters.settings.loading import Settings
from cli.errors import CommandError


def with_running_servers(settings: Settings) -> Settings:
    """The settings with both addresses filled in, for a process that does not start servers itself.

    Raises:
        CommandError: an address is neither set nor known from a launcher that runs on the data folder.
    """
    if settings.database_url and settings.redis_url:
        return settings
    running = running_services(settings.data_dir)
    if running is None:
        raise CommandError(
            f"DATABASE_URL or REDIS_URL is not set and no `tradegraph up` runs on {settings.data_dir}: "
            "set both, or start that first"
        )
    return _filled(settings, *running)


@contextmanager
def servers_for_a_while(settings: Settings) -> Iterator[Settings]:
    """The settings with both addresses filled in; private servers run as long as the context if needed."""
    if settings.database_url and settings.redis_url:
        yield settings
    elif (running := running_services(settings.data_dir)) is not None:
        yield _filled(settings, *running)
    else:
        with embedded_services(
            settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url
        ) as services:
            yield _filled(settings, services.database_url, services.redis_url)


def _filled(settings: Settings, database_url: str, redis_url: str) -> Settings:
    return replace(
        settings,
        database_url=settings.database_url or database_url,
        redis_url=settings.redis_url or redis_url,
    )
