import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain.access.grant_store import read_grants
from domain.access.keys import create_key
from domain.access.service import Access
from domain.access.sessions import login, refresh_session
from domain.access.types import SYSTEM, AccountPermission, Grant, Role, User
from domain.access.users import (
    UserChange,
    count_users,
    create_user,
    ensure_admin,
    grant_account,
    page_users,
    read_viewer,
    revoke_account,
    set_password,
    update_user,
)
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, DomainError, Forbidden, NotFound, Unauthenticated
from domain.kernel.pages import encode_cursor, page_request
from tests.support.people import ADDRESS, PASSWORD, Person, audited, join, open_account, stored

OTHER_PASSWORD = "another good password"
NOT_ADMIN = r"^This needs the role ADMIN\.$"
NOT_YOURS = r"^Only an administrator may change this\.$"
NO_USER = r"^There is no such user\.$"


async def refused(
    kind: type[DomainError], work: Callable[[], Awaitable[object]], match: str | None = None
) -> DomainError:
    """The error of ``work``, after asserting that nothing changed."""
    before = await stored()
    with pytest.raises(kind, match=match) as caught:
        await work()
    assert await stored() == before
    return caught.value


# ------------------------------------------------------------------ createUser


async def test_a_created_user_may_sign_in(access: Access) -> None:
    root = await join(access, "root", Role.ADMIN)
    user = await create_user(
        access, root.actor, email=" Ann@Example.com", name=" Ann ", password=PASSWORD, role=Role.VIEWER
    )
    assert user == User(user.id, "ann@example.com", "Ann", Role.VIEWER, True, user.created_at)
    assert (await login(access, "ann@example.com", PASSWORD, ADDRESS)).user == user
    row = (await fetch("SELECT password_hash FROM users WHERE id = $1", user.id))[0]
    assert row["password_hash"].startswith("$argon2id$")
    assert (await audited("createUser"))[-1] == (
        "root@example.com",
        f"user:{user.id}",
        "DONE",
        '{"role": "VIEWER", "email": "ann@example.com"}',
    )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_MANAGER])
async def test_only_administrators_create_users(access: Access, role: Role) -> None:
    ann = await join(access, "ann", role)
    await refused(
        Forbidden,
        lambda: create_user(access, ann.actor, email="b@c.d", name="B", password=PASSWORD, role=Role.VIEWER),
        NOT_ADMIN,
    )


@pytest.mark.parametrize(
    ("email", "name", "password", "field"),
    [
        ("ann", "Ann", PASSWORD, "email"),
        ("ann@example.com\x00", "Ann", PASSWORD, "email"),
        ("\u212aevin@example.com", "Kevin", PASSWORD, "email"),
        ("ann@example.com", "", PASSWORD, "name"),
        ("ann@example.com", "An\x00n", PASSWORD, "name"),
        ("ann@example.com", "\udc80", PASSWORD, "name"),
        ("ann@example.com", "x" * 1_000_000, PASSWORD, "name"),
        ("ann@example.com", "Ann", "short", "password"),
        ("ann@example.com", "Ann", "x" * 1_000_000, "password"),
        ("ann@example.com", "Ann", "ann@EXAMPLE.com", "password"),
    ],
)
async def test_malformed_users_are_not_created(
    access: Access, email: str, name: str, password: str, field: str
) -> None:
    error = await refused(
        BadInput, lambda: create_user(access, SYSTEM, email=email, name=name, password=password, role=Role.TRADER)
    )
    assert error.context == {"field": field}


async def test_an_email_is_unique_in_every_spelling(access: Access) -> None:
    await join(access, "ann")
    for email in ("ann@example.com", "ANN@EXAMPLE.COM "):
        error = await refused(
            Conflict,
            lambda email=email: create_user(  # type: ignore[misc]
                access, SYSTEM, email=email, name="Ann", password=PASSWORD, role=Role.ADMIN
            ),
            r"^A user with this email exists already\.$",
        )
        assert error.context == {"field": "email"}


async def test_one_of_many_concurrent_creations_with_one_email_succeeds(access: Access, other_process: Access) -> None:
    answers = await asyncio.gather(
        *(
            create_user(
                (access, other_process)[n % 2], SYSTEM, email="a@b.c", name=f"A{n}", password=PASSWORD, role=Role.ADMIN
            )
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5
    assert await count_users(SYSTEM) == 1


# ------------------------------------------------------------------ the first administrator


async def test_the_first_administrator_is_added_once_and_then_left_alone(access: Access) -> None:
    assert await ensure_admin(access, "Admin@Localhost", "8 chars.") is True
    session = await login(access, "admin@localhost", "8 chars.", ADDRESS)
    assert (session.user.role, session.user.name, session.user.active) == (Role.ADMIN, "admin", True)
    await create_user(access, SYSTEM, email="b@c.d", name="B", password=PASSWORD, role=Role.ADMIN)
    await update_user(access, SYSTEM, session.user.id, UserChange(active=False, role=Role.VIEWER))
    before = await stored()
    assert await ensure_admin(access, "admin@localhost", OTHER_PASSWORD) is False
    assert await stored() == before


async def test_one_of_two_concurrent_starts_adds_the_administrator(access: Access, other_process: Access) -> None:
    added = await asyncio.gather(*(ensure_admin(each, "a@b.c", PASSWORD) for each in (access, other_process)))
    assert sorted(added) == [False, True]
    assert await count_users(SYSTEM) == 1


async def test_an_administrator_without_an_address_is_refused(access: Access) -> None:
    await refused(BadInput, lambda: ensure_admin(access, "admin", PASSWORD))


# ------------------------------------------------------------------ updateUser


async def test_an_administrator_changes_every_field_of_any_user(access: Access) -> None:
    root, ann = await join(access, "root", Role.ADMIN), await join(access, "ann")
    changed = await update_user(
        access, root.actor, ann.id, UserChange(name=" Anna ", role=Role.RISK_MANAGER, password=OTHER_PASSWORD)
    )
    assert changed == User(ann.id, "ann@example.com", "Anna", Role.RISK_MANAGER, True, ann.user.created_at)
    assert (await login(access, "ann@example.com", OTHER_PASSWORD, ADDRESS)).user == changed
    assert await audited("updateUser") == [
        (
            "root@example.com",
            f"user:{ann.id}",
            "DONE",
            '{"name": "Anna", "role": "RISK_MANAGER", "changed": ["name", "role", "password"]}',
        )
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_MANAGER])
async def test_users_change_only_their_own_name_and_password(access: Access, role: Role) -> None:
    ann, bob = await join(access, "ann", role), await join(access, "bob")
    assert (await update_user(access, ann.actor, ann.id, UserChange(name="Anna"))).name == "Anna"
    await update_user(access, ann.actor, ann.id, UserChange(password=OTHER_PASSWORD))
    await login(access, "ann@example.com", OTHER_PASSWORD, ADDRESS)
    for user_id, change in (
        (ann.id, UserChange(role=Role.ADMIN)),
        (ann.id, UserChange(name="A", role=role)),
        (ann.id, UserChange(active=True)),
        (bob.id, UserChange(name="Bert")),
        (bob.id, UserChange(password=OTHER_PASSWORD)),
        (bob.id, UserChange()),
        (uuid4(), UserChange(name="Nobody")),
    ):
        await refused(
            Forbidden,
            lambda user_id=user_id, change=change: update_user(access, ann.actor, user_id, change),  # type: ignore[misc]
            NOT_YOURS,
        )


async def test_a_new_password_ends_all_other_sessions(access: Access) -> None:
    ann = await join(access, "ann")
    elsewhere = await login(access, ann.user.email, PASSWORD, ADDRESS)
    await update_user(access, ann.actor, ann.id, UserChange(password=OTHER_PASSWORD))
    assert (await access.authenticate(ann.session.access_token)).user_id == ann.id
    assert (await refresh_session(access, ann.session.refresh_token)).user == ann.user
    for attempt in (access.authenticate(elsewhere.access_token), refresh_session(access, elsewhere.refresh_token)):
        with pytest.raises(Unauthenticated):
            await attempt
    with pytest.raises(Unauthenticated):
        await login(access, ann.user.email, PASSWORD, ADDRESS)


async def test_only_a_key_of_an_administrator_changes_its_owner_and_never_the_password(
    access: Access,
) -> None:
    root = await join(access, "root", Role.ADMIN)
    _, strong_text = await create_key(access, root.actor, name="strong", role=Role.ADMIN)
    _, weak_text = await create_key(access, root.actor, name="weak", role=Role.TRADER)
    strong, weak = await access.authenticate(strong_text), await access.authenticate(weak_text)
    await access.close()
    for key, change in (
        (strong, UserChange(password=OTHER_PASSWORD)),
        (weak, UserChange(password=OTHER_PASSWORD)),
        (weak, UserChange(name="Weak")),
    ):
        await refused(
            Forbidden,
            lambda key=key, change=change: update_user(access, key, root.id, change),  # type: ignore[misc]
            r"^An API key cannot change this field of its owner: sign in\.$",
        )
    await refused(Forbidden, lambda: update_user(access, weak, root.id, UserChange(active=False)), NOT_YOURS)
    assert (await update_user(access, strong, root.id, UserChange(name="Root 2"))).name == "Root 2"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (UserChange(name=""), "name"),
        (UserChange(name="a\x00"), "name"),
        (UserChange(password="short"), "password"),
        (UserChange(password="ann@example.com"), "password"),
        (UserChange(role=Role.ADMIN, password="\ud800" * 20), "password"),
    ],
)
async def test_malformed_changes_change_nothing(access: Access, change: UserChange, field: str) -> None:
    ann = await join(access, "ann")
    error = await refused(BadInput, lambda: update_user(access, SYSTEM, ann.id, change))
    assert error.context == {"field": field}


async def test_an_empty_or_repeated_change_changes_nothing(access: Access) -> None:
    ann = await join(access, "ann")
    await update_user(access, SYSTEM, ann.id, UserChange(name="Anna", active=False))
    before = await stored()
    for change in (UserChange(), UserChange(name=" Anna ", role=Role.TRADER, active=False)):
        assert (await update_user(access, SYSTEM, ann.id, change)).name == "Anna"
    assert await stored() == before


async def test_an_unknown_user_cannot_be_changed(access: Access) -> None:
    await refused(NotFound, lambda: update_user(access, SYSTEM, uuid4(), UserChange(name="A")), NO_USER)


@pytest.mark.parametrize("change", [UserChange(active=False), UserChange(role=Role.RISK_MANAGER)])
async def test_the_last_active_administrator_cannot_be_removed(access: Access, change: UserChange) -> None:
    root, former = await join(access, "root", Role.ADMIN), await join(access, "former", Role.ADMIN)
    await update_user(access, SYSTEM, former.id, UserChange(active=False))
    await refused(
        Conflict,
        lambda: update_user(access, root.actor, root.id, change),
        r"^At least one active administrator must remain\.$",
    )
    assert (await update_user(access, root.actor, root.id, UserChange(name="Still"))).role is Role.ADMIN


async def test_two_administrators_who_remove_each_other_at_once_leave_one(
    access: Access, other_process: Access
) -> None:
    for attempt in range(5):
        one = await join(access, f"one{attempt}", Role.ADMIN)
        two = await join(access, f"two{attempt}", Role.ADMIN)
        for row in await fetch(
            "SELECT id FROM users WHERE role = 'ADMIN' AND active AND id <> ALL($1)", [one.id, two.id]
        ):
            await update_user(access, SYSTEM, row["id"], UserChange(active=False))
        answers = await asyncio.gather(
            update_user(access, one.actor, two.id, UserChange(active=False)),
            update_user(other_process, two.actor, one.id, UserChange(role=Role.VIEWER)),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, User) for answer in answers) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == 1


async def test_an_operator_sets_a_password_by_email(access: Access) -> None:
    ann = await join(access, "ann")
    assert await set_password(access, SYSTEM, "ANN@example.com", OTHER_PASSWORD) == ann.user
    await login(access, "ann@example.com", OTHER_PASSWORD, ADDRESS)
    with pytest.raises(Unauthenticated):
        await access.authenticate(ann.session.access_token)
    await refused(NotFound, lambda: set_password(access, SYSTEM, "nobody@example.com", OTHER_PASSWORD), NO_USER)
    await refused(BadInput, lambda: set_password(access, SYSTEM, "ann@example.com", "short"))


# ------------------------------------------------------------------ reading


async def test_users_are_listed_oldest_first(access: Access) -> None:
    people = [await join(access, name, Role.ADMIN) for name in ("ann", "bob", "eve")]
    root = people[0].actor
    first = await page_users(root, page_request(first=2, parts=1))
    assert (first.nodes, first.has_next, first.has_previous) == ([people[0].user, people[1].user], True, False)
    rest = await page_users(root, page_request(first=2, after=first.end_cursor, parts=1))
    assert (rest.nodes, rest.has_next, rest.has_previous) == ([people[2].user], False, True)
    assert await count_users(root) == 3


@pytest.mark.parametrize("key", ["", "x", "\x00", "1", "'"])
async def test_a_cursor_of_another_list_is_bad_input(access: Access, key: str) -> None:
    with pytest.raises(BadInput) as refused_cursor:
        await page_users(SYSTEM, page_request(after=encode_cursor(key), parts=1))
    assert refused_cursor.value.field == "after"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_MANAGER])
async def test_only_administrators_list_users(access: Access, role: Role) -> None:
    ann = await join(access, "ann", role)
    for work in (page_users(ann.actor, page_request(parts=1)), count_users(ann.actor)):
        with pytest.raises(Forbidden, match=NOT_ADMIN):
            await work


async def test_the_viewer_is_the_user_of_the_credential(access: Access) -> None:
    ann = await join(access, "ann")
    assert await read_viewer(ann.actor) == ann.user
    with pytest.raises(NotFound):
        await read_viewer(SYSTEM)


# ------------------------------------------------------------------ grants


async def grants_of(person: Person) -> list[tuple[UUID, AccountPermission]]:
    grants: list[Grant] = (await read_grants([person.id])).get(person.id, [])
    return [(grant.account_id, grant.permission) for grant in grants]


async def test_a_grant_is_given_changed_and_revoked(access: Access) -> None:
    root, ann, bob = await join(access, "root", Role.ADMIN), await join(access, "ann"), await join(access, "bob")
    account = await open_account(access, bob.id)

    assert await grant_account(access, root.actor, ann.id, account, AccountPermission.READ) == ann.user
    assert await grants_of(ann) == [(account, AccountPermission.READ)]
    actor = await access.authenticate(ann.session.access_token)
    assert (actor.may_read(account), actor.may_trade(account)) == (True, False)

    await grant_account(access, root.actor, ann.id, account, AccountPermission.TRADE)
    assert await grants_of(ann) == [(account, AccountPermission.TRADE)]
    assert (await access.authenticate(ann.session.access_token)).may_trade(account)

    await grant_account(access, root.actor, ann.id, account, AccountPermission.FUNDS)
    assert await grants_of(ann) == [(account, AccountPermission.TRADE), (account, AccountPermission.FUNDS)]
    assert (await access.authenticate(ann.session.access_token)).may_move_funds(account)

    await revoke_account(access, root.actor, ann.id, account, AccountPermission.TRADE)
    actor = await access.authenticate(ann.session.access_token)
    assert (actor.may_trade(account), actor.may_move_funds(account)) == (False, True)

    assert await revoke_account(access, root.actor, ann.id, account) == ann.user
    assert await grants_of(ann) == []
    assert not (await access.authenticate(ann.session.access_token)).may_read(account)

    def told(*permissions: str) -> tuple[str, str, str, str]:
        listed = ", ".join(f'"{name}"' for name in permissions)
        detail = f'{{"email": "ann@example.com", "userId": "{ann.id}", "permissions": [{listed}]}}'
        return ("root@example.com", f"account:{account}", "DONE", detail)

    assert await audited("grantAccount") == [told("READ"), told("TRADE"), told("FUNDS", "TRADE")]
    assert await audited("revokeAccount") == [told("FUNDS"), told()]


async def test_a_repeated_grant_or_revocation_changes_nothing(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    account = await open_account(access, bob.id)
    await grant_account(access, SYSTEM, ann.id, account, AccountPermission.READ)
    before = await stored()
    assert await grant_account(access, SYSTEM, ann.id, account, AccountPermission.READ) == ann.user
    assert await stored() == before
    await revoke_account(access, SYSTEM, ann.id, account)
    before = await stored()
    assert await revoke_account(access, SYSTEM, ann.id, account) == ann.user
    assert await stored() == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_MANAGER])
async def test_only_administrators_give_grants(access: Access, role: Role) -> None:
    ann, bob = await join(access, "ann", role), await join(access, "bob")
    account = await open_account(access, ann.id)
    await refused(
        Forbidden, lambda: grant_account(access, ann.actor, bob.id, account, AccountPermission.READ), NOT_ADMIN
    )
    await refused(Forbidden, lambda: revoke_account(access, ann.actor, bob.id, account), NOT_ADMIN)


async def test_unknown_users_and_accounts_are_not_found(access: Access) -> None:
    ann = await join(access, "ann")
    account = await open_account(access, ann.id)
    no_account = r"^There is no such account\.$"
    await refused(NotFound, lambda: grant_account(access, SYSTEM, uuid4(), account, AccountPermission.READ), NO_USER)
    await refused(NotFound, lambda: grant_account(access, SYSTEM, ann.id, uuid4(), AccountPermission.READ), no_account)
    await refused(NotFound, lambda: revoke_account(access, SYSTEM, uuid4(), account), NO_USER)
    await refused(NotFound, lambda: revoke_account(access, SYSTEM, ann.id, uuid4()), no_account)


async def test_an_owner_needs_no_grant(access: Access) -> None:
    ann = await join(access, "ann")
    account = await open_account(access, ann.id)
    await refused(
        Conflict,
        lambda: grant_account(access, SYSTEM, ann.id, account, AccountPermission.READ),
        r"^The owner of an account needs no grant\.$",
    )
