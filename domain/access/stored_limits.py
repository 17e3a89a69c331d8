"""The form in which the limits of API keys are stored, pure: three lists in JSON, none where there is no limit."""

from uuid import UUID

import orjson

from domain.access.types import ALL_SCOPES, KeyLimits, KeyScope


def stored_limits(limits: KeyLimits) -> dict[str, str | None]:
    """The columns of a key's limits."""
    return {
        "scopes": None if limits.scopes == ALL_SCOPES else _text(limits.scopes),
        "account_ids": None if limits.account_ids is None else _text(map(str, limits.account_ids)),
        "addresses": _text(limits.addresses) if limits.addresses else None,
    }


def read_limits(scopes: str | None, account_ids: str | None, addresses: str | None) -> KeyLimits:
    """The limits from their columns."""
    return KeyLimits(
        ALL_SCOPES if scopes is None else frozenset(map(KeyScope, orjson.loads(scopes))),
        None if account_ids is None else frozenset(map(UUID, orjson.loads(account_ids))),
        () if addresses is None else tuple(orjson.loads(addresses)),
    )


def _text(values: object) -> str:
    return orjson.dumps(sorted(values)).decode()  # type: ignore[call-overload]  # texts
