"""The base of the generated class `Client`."""

from tradegraph_client.asynchronous import AsyncRequests


class AsyncBase(AsyncRequests):
    """Sends what the generated methods ask for."""
