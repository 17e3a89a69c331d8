"""People: use cases that create and change them and grant them access to accounts.

A user is never removed; an inactive user can neither sign in nor use a key. At least one administrator is always
active.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from domain.access import actor_queries, grant_store, session_store, user_store
from domain.access.audit import record, target_of
from domain.access.rules import (
    check_email,
    check_name,
    check_password,
    email_to_look_up,
    password_to_verify,
    permissions_with,
)
from domain.access.service import Access
from domain.access.types import (
    OWNED,
    SYSTEM,
    AccountPermission,
    Actor,
    Grant,
    Permissions,
    Role,
    User,
    no_account,
    require_role,
)
from domain.kernel.errors import Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work

_NO_USER = "There is no such user."


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change of a user; None keeps the value."""

    name: str | None = None
    role: Role | None = None
    active: bool | None = None
    password: str | None = None


async def create_user(access: Access, actor: Actor, *, email: str, name: str, password: str, role: Role) -> User:
    """Add a person who may sign in at once.

    Raises:
        Forbidden: the actor is no administrator.
        BadInput: email, name or password are not acceptable.
        Conflict: somebody has this email.
    """
    require_role(actor, Role.ADMIN)
    email, name = check_email(email), check_name(name)
    user = User(id=new_id(), email=email, name=name, role=role, active=True, created_at=utc_now())
    if not await _insert(access, actor, user, check_password(password, email=email)):
        raise Conflict("A user with this email exists already.", field="email")
    return user


async def _insert(access: Access, actor: Actor, user: User, password: str) -> bool:
    password_hash = await access.passwords.hash(password)
    async with unit_of_work(access.bus) as work:
        inserted = await user_store.insert_user(work, user, password_hash)
        if inserted:
            told = {"email": user.email, "role": user.role}
            await record(work, actor, "createUser", target_of("user", user.id), detail=told)
    return inserted


async def ensure_admin(access: Access, email: str, password: str) -> bool:
    """Add the first administrator of an installation; True if it was added.

    A user with this email is left exactly as it is, whatever its role, state or password. The quality of the password
    is the operator's responsibility.

    Raises:
        BadInput: it is no email address, or the password holds characters that no password can.
    """
    email = check_email(email)
    if await user_store.find_user_by_email(email) is not None:
        return False
    name = email.partition("@")[0]
    admin = User(id=new_id(), email=email, name=name, role=Role.ADMIN, active=True, created_at=utc_now())
    return await _insert(access, SYSTEM, admin, password_to_verify(password))


async def update_user(access: Access, actor: Actor, user_id: UUID, change: UserChange) -> User:
    """Change a user; in force for every request that begins after this returns in this process, a second in others.

    Administrators change anybody. People change their own name and password, in a session of their own. A user who is
    deactivated or gets another password is signed out everywhere, except from the session that made the change.

    Raises:
        Forbidden: the actor may not change this.
        NotFound: there is no such user.
        BadInput: name or password are not acceptable.
        Conflict: no active administrator would be left.
    """
    _require_change(actor, user_id, change)
    known = (await user_store.read_users([user_id])).get(user_id)
    if known is None:
        raise NotFound(_NO_USER, field="id")
    if change.name is not None:
        change = replace(change, name=check_name(change.name))
    new_hash = None
    if change.password is not None:
        new_hash = await access.passwords.hash(check_password(change.password, email=known.email))
    async with unit_of_work(access.bus) as work:
        return await _change(access, work, actor, user_id, change, new_hash)


def _require_change(actor: Actor, user_id: UUID, change: UserChange) -> None:
    own = actor.user_id == user_id
    if actor.role is not Role.ADMIN and (not own or change.role is not None or change.active is not None):
        raise Forbidden("Only an administrator may change this.")
    if own and actor.via == "api_key" and (actor.role is not Role.ADMIN or change.password is not None):
        raise Forbidden("An API key cannot change this field of its owner: sign in.")


async def _change(
    access: Access, work: UnitOfWork, actor: Actor, user_id: UUID, change: UserChange, new_hash: str | None
) -> User:
    locked = {user.id: user for user in await user_store.lock_user_and_admins(work, user_id)}
    before = locked[user_id]
    after = replace(
        before,
        name=before.name if change.name is None else change.name,
        role=before.role if change.role is None else change.role,
        active=before.active if change.active is None else change.active,
    )
    if after == before and new_hash is None:
        return before
    others = [user for user in locked.values() if user.id != user_id and user.role is Role.ADMIN and user.active]
    was_admin = before.role is Role.ADMIN and before.active
    if was_admin and not (after.role is Role.ADMIN and after.active) and not others:
        raise Conflict("At least one active administrator must remain.")
    await user_store.write_user(work, after, new_hash)
    if new_hash is not None or (before.active and not after.active):
        reason = "user made inactive" if not after.active else "password changed"
        await session_store.end_sessions_of(work, user_id, reason, keep=actor.session_id if after.active else None)
    await access.changed(work)
    told: dict[str, object] = {
        name: getattr(after, name)
        for name in ("name", "role", "active")
        if getattr(after, name) != getattr(before, name)
    }
    changed = sorted(told) + (["password"] if new_hash is not None else [])
    await record(work, actor, "updateUser", target_of("user", user_id), detail={**told, "changed": changed})
    return after


async def set_password(access: Access, actor: Actor, email: str, password: str) -> User:
    """Set the password of the person with this email: a command of the operator.

    Raises:
        NotFound: nobody has this email.
        Forbidden, BadInput: as of ``update_user``.
    """
    user = await user_store.find_user_by_email(email_to_look_up(email))
    if user is None:
        raise NotFound(_NO_USER, field="email")
    return await update_user(access, actor, user.id, UserChange(password=password))


async def page_users(actor: Actor, request: PageRequest) -> Page[User]:
    """A page of all users, oldest first.

    Raises:
        Forbidden: the actor is no administrator.
    """
    require_role(actor, Role.ADMIN)
    return await user_store.page_users(request)


async def count_users(actor: Actor) -> int:
    """The number of users; raises as ``page_users``."""
    require_role(actor, Role.ADMIN)
    return await user_store.count_users()


async def read_viewer(actor: Actor) -> User:
    """The person who makes the request.

    Raises:
        NotFound: the platform itself asks, which is no person.
    """
    user = (await user_store.read_users([actor.user_id])).get(actor.user_id)
    if user is None:
        raise NotFound(_NO_USER, field="id")
    return user


def visible_grants(actor: Actor, grants: Iterable[Grant]) -> list[Grant]:
    """The grants of a user on accounts that the actor may see."""
    return [grant for grant in grants if actor.may_read(grant.account_id)]


async def grant_account(
    access: Access, actor: Actor, user_id: UUID, account_id: UUID, permission: AccountPermission
) -> User:
    """Grant a user a permission on an account of somebody else; READ alone lets them see it. A repeat changes nothing.

    Raises:
        Forbidden: the actor is no administrator.
        NotFound: there is no such user or account.
        Conflict: the user owns the account.
    """
    return await _change_grants(
        access, actor, user_id, account_id, "grantAccount", lambda granted: permissions_with(granted, permission)
    )


async def revoke_account(
    access: Access, actor: Actor, user_id: UUID, account_id: UUID, permission: AccountPermission | None = None
) -> User:
    """Revoke one permission, or all of them; without a grant nothing changes.

    Raises:
        Forbidden: the actor is no administrator.
        NotFound: there is no such user or account.
    """
    taken = OWNED if permission is None else frozenset({permission})
    return await _change_grants(access, actor, user_id, account_id, "revokeAccount", lambda granted: granted - taken)


async def _change_grants(
    access: Access,
    actor: Actor,
    user_id: UUID,
    account_id: UUID,
    action: str,
    change: Callable[[Permissions], Permissions],
) -> User:
    require_role(actor, Role.ADMIN)
    async with unit_of_work(access.bus) as work:
        user = await _lock_holder(work, user_id)
        is_owner = await _require_owner(work, account_id) == user_id
        before = await grant_store.load_grants(work, user_id, account_id)
        after = change(before)
        if is_owner and after - before:
            raise Conflict("The owner of an account needs no grant.")
        if after != before:
            await grant_store.delete_grants(work, user_id, account_id, before - after)
            for permission in sorted(after - before):
                await grant_store.insert_grant(work, user_id, account_id, permission, actor.email)
            await access.changed(work)
            told = {"userId": user_id, "email": user.email, "permissions": sorted(after)}
            await record(work, actor, action, target_of("account", account_id), detail=told)
    return user


async def _lock_holder(work: UnitOfWork, user_id: UUID) -> User:
    locked = await user_store.lock_user(work, user_id)
    if locked is None:
        raise NotFound(_NO_USER, field="userId")
    return locked[0]


async def _require_owner(work: UnitOfWork, account_id: UUID) -> UUID:
    owner_id = await actor_queries.find_account_owner(work, account_id)
    if owner_id is None:
        raise no_account()
    return owner_id
