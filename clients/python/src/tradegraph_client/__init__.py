"""A client of Tradegraph's API: typed, asynchronous or not, with money as ``Decimal``.

    async with Client("http://127.0.0.1:8000", ApiKey("tg_...")) as desk:
        order = await desk.place_order(PlaceOrderInput(account_id=..., symbol="BTC-USD", ...))
        async for event in desk.watch_order_events(account_id=..., name="bot"):
            ...

Every query of the API is a method ``get_...``, every subscription ``watch_...``, and every mutation has its own name.
What they take and give is in ``tradegraph_client.types``.
"""

from tradegraph_client.credentials import ApiKey, Password
from tradegraph_client.cursors import CursorStore, FileCursors, MemoryCursors
from tradegraph_client.errors import (
    ApiError,
    BadUserInput,
    Conflict,
    CursorsUnreadable,
    Forbidden,
    InvalidDocument,
    NotFound,
    RateLimited,
    Rejected,
    ServerFailure,
    StreamEnded,
    TradegraphError,
    Unauthenticated,
    Unavailable,
)
from tradegraph_client.frames import to_pandas
from tradegraph_client.generated.client import Client
from tradegraph_client.generated.sync_client import SyncClient
from tradegraph_client.model import UNSET
from tradegraph_client.paging import every, every_sync
from tradegraph_client.profiles import Profile, ProfileError, load_profile
from tradegraph_client.retrying import RetryPolicy

__all__ = [
    "UNSET",
    "ApiError",
    "ApiKey",
    "BadUserInput",
    "Client",
    "Conflict",
    "CursorStore",
    "CursorsUnreadable",
    "FileCursors",
    "Forbidden",
    "InvalidDocument",
    "MemoryCursors",
    "NotFound",
    "Password",
    "Profile",
    "ProfileError",
    "RateLimited",
    "Rejected",
    "RetryPolicy",
    "ServerFailure",
    "StreamEnded",
    "SyncClient",
    "TradegraphError",
    "Unauthenticated",
    "Unavailable",
    "every",
    "every_sync",
    "load_profile",
    "to_pandas",
]
