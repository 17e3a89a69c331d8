"""The limits of an API key beyond its role, pure: what kinds of operations, which accounts, from which addresses."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from uuid import UUID

from domain.access.rules import common_role
from domain.access.types import (
    ALL_SCOPES,
    NO_PERMISSION,
    OWNED,
    AccountPermission,
    Actor,
    KeyLimits,
    KeyScope,
    Permissions,
    Role,
    no_account,
)
from domain.kernel.errors import BadInput, Forbidden

MAX_ACCOUNTS = 100
MAX_ADDRESSES = 20
# A scope without these permissions would be a promise that no operation keeps.
_PERMISSION_OF = {KeyScope.TRADE: AccountPermission.TRADE, KeyScope.FUNDS: AccountPermission.FUNDS}
_ROLES = {KeyScope.TRADE: (Role.TRADER, Role.RISK_MANAGER, Role.ADMIN), KeyScope.FUNDS: (Role.TRADER, Role.ADMIN)}


def check_limits(
    actor: Actor,
    role: Role,
    scopes: Collection[KeyScope] | None,
    account_ids: Collection[UUID] | None,
    addresses: Collection[str] | None,
) -> KeyLimits:
    """The limits of a new key of ``role`` (never above the actor's); READ is always part of its scopes.

    Raises:
        BadInput: too many of something, none where None is meant, or an address that is none.
        NotFound: an account that does not exist for the actor.
        Forbidden: the scopes hold what the actor may not do itself.
    """
    wanted = ALL_SCOPES if scopes is None else frozenset(scopes) | {KeyScope.READ}
    if scopes is not None:
        _require_scopes(actor, role, wanted, account_ids)
    return KeyLimits(wanted, _checked_accounts(actor, account_ids), _checked_addresses(addresses))


def _require_scopes(
    actor: Actor, role: Role, scopes: Collection[KeyScope], account_ids: Collection[UUID] | None
) -> None:
    for scope, permission in _PERMISSION_OF.items():
        if scope not in scopes:
            continue
        accounts = actor.accounts if account_ids is None else account_ids
        granted = any(permission in actor.accounts.get(account_id, NO_PERMISSION) for account_id in accounts)
        if role not in _ROLES[scope] or (account_ids is not None and role is Role.TRADER and not granted):
            raise Forbidden(f"You may not give a key the scope {scope}: you do not have it yourself.", field="scopes")


def _checked_accounts(actor: Actor, account_ids: Collection[UUID] | None) -> frozenset[UUID] | None:
    if account_ids is None:
        return None
    if not 1 <= len(account_ids) <= MAX_ACCOUNTS:
        raise BadInput(f"Name 1 to {MAX_ACCOUNTS} accounts, or omit this field for all.", field="accounts")
    for account_id in account_ids:
        if not actor.may_read(account_id):
            raise no_account("accounts")
    return frozenset(account_ids)


def _checked_addresses(addresses: Collection[str] | None) -> tuple[str, ...]:
    if addresses is None:
        return ()
    if not 1 <= len(addresses) <= MAX_ADDRESSES:
        raise BadInput(f"Name 1 to {MAX_ADDRESSES} addresses, or omit this field for all.", field="addresses")
    try:
        return tuple(sorted({str(ip_network(address.strip())) for address in addresses}))
    except ValueError:
        message = "Write addresses as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, with no bits beyond the network's."
        raise BadInput(message, field="addresses") from None


def limited(
    role: Role, accounts: Mapping[UUID, Permissions], limits: KeyLimits
) -> tuple[Role, Mapping[UUID, Permissions]]:
    """The role and accounts that are left under the limits.

    A key for some accounts does in them what a TRADER does, of an administrator what an owner does; it does nothing
    outside of them, so of a risk manager it only reads.
    """
    if limits.account_ids is not None:
        everything = role is Role.ADMIN
        known = {
            account_id: OWNED if everything else accounts.get(account_id, NO_PERMISSION)
            for account_id in limits.account_ids
            if role in (Role.ADMIN, Role.RISK_MANAGER) or account_id in accounts
        }
        role, accounts = common_role(role, Role.TRADER), known
    if limits.scopes != ALL_SCOPES:
        kept = {AccountPermission.READ, *(_PERMISSION_OF[scope] for scope in limits.scopes if scope in _PERMISSION_OF)}
        accounts = {account_id: permissions & kept for account_id, permissions in accounts.items()}
    return role, MappingProxyType(dict(accounts))


def admits(addresses: tuple[str, ...], client_address: str) -> bool:
    """True for an address within these networks; no networks are all."""
    if not addresses:
        return True
    try:
        address = ip_address(client_address)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _networks(addresses))


@lru_cache(maxsize=1_000)
def _networks(addresses: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(address) for address in addresses)
