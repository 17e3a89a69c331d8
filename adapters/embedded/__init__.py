"""Private PostgreSQL and Valkey servers under the data folder, for installations without their own."""

from adapters.embedded.errors import EmbeddedError
from adapters.embedded.services import EmbeddedServices, embedded_services, running_services

__all__ = ["EmbeddedError", "EmbeddedServices", "embedded_services", "running_services"]
