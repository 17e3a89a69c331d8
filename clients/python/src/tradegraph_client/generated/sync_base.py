"""The base of the generated class `SyncClient`."""

from tradegraph_client.synchronous import SyncRequests


class SyncBase(SyncRequests):
    """Sends what the generated methods ask for."""
