"""API keys: credentials for programs that act for a person, with that person's role or less."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.access import key_store, user_store
from domain.access.audit import record, target_of
from domain.access.key_limits import check_limits
from domain.access.rules import MAX_KEYS, check_key_expiry, check_name, common_role
from domain.access.service import Access
from domain.access.tokens import digest, new_api_key
from domain.access.types import ALL_SCOPES, Actor, ApiKey, KeyLimits, KeyScope, Role
from domain.kernel.errors import Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import unit_of_work

_MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class KeyWish:
    """The requested limits of a key; None means no limit."""

    scopes: Collection[KeyScope] | None = None
    account_ids: Collection[UUID] | None = None
    addresses: Collection[str] | None = None


NO_WISH = KeyWish()


async def create_key(
    access: Access,
    actor: Actor,
    *,
    name: str,
    role: Role,
    expires_at: datetime | None = None,
    wish: KeyWish = NO_WISH,
) -> tuple[ApiKey, str]:
    """Make a key for the actor; returns the key and its secret text, which is shown only here and never stored.

    Its role is the lower of ``role`` and the actor's own. At each use the owner's current role limits it further; so
    do its owner's accounts and grants.

    Raises:
        Forbidden: the actor uses a key itself, as a leaked key could outlive its revocation; or the key would be for
            more than the actor may do: a role above TRADER that is not its own, or a scope that it does not have.
        NotFound: an account of the key's limits does not exist for the actor.
        BadInput: the name, the time of expiry or a limit is not acceptable.
        Conflict: the actor has a hundred keys.
    """
    if actor.via != "session":
        raise Forbidden("An API key cannot make another: sign in.")
    name, own = check_name(name), common_role(role, actor.role)
    if own is not role and role is not Role.TRADER:
        raise Forbidden(f"A key cannot have the role {role}: you do not have it yourself.", field="role")
    limits = check_limits(actor, own, wish.scopes, wish.account_ids, wish.addresses)
    prefix, text = new_api_key()
    async with unit_of_work(access.bus) as work:
        check_key_expiry(expires_at, work.now)
        await user_store.lock_user(work, actor.user_id)
        if await key_store.count_keys(work, actor.user_id) >= MAX_KEYS:
            raise Conflict(f"You have {MAX_KEYS} API keys; revoke one first.")
        key = ApiKey(
            id=new_id(),
            user_id=actor.user_id,
            name=name,
            prefix=prefix,
            role=own,
            created_at=work.now,
            last_used_at=None,
            expires_at=expires_at,
            revoked_at=None,
            limits=limits,
        )
        await key_store.insert_key(work, key, digest(text))
        told = {"name": name, "prefix": prefix, "role": key.role, **_told(limits)}
        await record(work, actor, "createApiKey", target_of("apiKey", key.id), detail=told)
    return key, text


def _told(limits: KeyLimits) -> dict[str, object]:
    told = {"scopes": limits.scopes, "accounts": limits.account_ids or (), "addresses": limits.addresses}
    return {name: sorted(map(str, values)) for name, values in told.items() if values and values != ALL_SCOPES}


async def revoke_key(access: Access, actor: Actor, key_id: UUID) -> ApiKey:
    """Revoke a key at once; its owner, an administrator and the key itself may. A repeat changes nothing.

    Raises:
        NotFound: there is no such key, or it is somebody else's.
        Forbidden: the actor uses another key of the same owner, or an administrator's key without MANAGE.
    """
    async with unit_of_work(access.bus) as work:
        key = await key_store.lock_key(work, key_id)
        if key is None or (key.user_id != actor.user_id and actor.role is not Role.ADMIN):
            raise NotFound("There is no such API key.", field="id")
        may_others = actor.role is Role.ADMIN and actor.may_manage
        if actor.via == "api_key" and not may_others and actor.api_key_id != key_id:
            raise Forbidden("An API key can revoke only itself: sign in.")
        if key.revoked_at is not None:
            return key
        await key_store.write_revoked(work, key_id)
        await access.changed(work)
        told = {"name": key.name, "prefix": key.prefix}
        await record(work, actor, "revokeApiKey", target_of("apiKey", key_id), detail=told)
        return replace(key, revoked_at=work.now)


async def read_keys(actor: Actor) -> list[ApiKey]:
    """The actor's keys, newest first, revoked ones included; at most 500. A key without MANAGE sees only itself."""
    found = await key_store.read_keys(actor.user_id, _MAX_LISTED)
    return found if actor.may_manage else [key for key in found if key.id == actor.api_key_id]


async def page_keys(actor: Actor, request: PageRequest, *, active: bool | None = None) -> Page[ApiKey]:
    """A page of the same keys; ``active`` tells those that work from those that were revoked or have expired.

    Raises:
        BadInput: the cursor belongs to another list.
    """
    return await key_store.page_keys(request, actor.user_id, _shown_key(actor), active=active)


async def count_keys(actor: Actor, *, active: bool | None = None) -> int:
    """The number of these keys."""
    return await key_store.count_listed(actor.user_id, _shown_key(actor), active=active)


def _shown_key(actor: Actor) -> UUID | None:
    return None if actor.may_manage else actor.api_key_id
