"""An upgrade takes no right away and gives none in secret."""

from importlib import import_module
from uuid import UUID

import orjson

from domain.access.grant_store import read_grants
from domain.access.service import Access
from domain.access.types import SYSTEM, AccountPermission
from domain.access.users import grant_account
from domain.kernel.database import fetch, pool
from tests.support.people import join, open_account

rights = import_module("migrations.0018_rights")


async def permissions_of(user_id: UUID) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for grant in (await read_grants([user_id])).get(user_id, []):
        found.setdefault(grant.account_id, []).append(grant.permission)
    return found


async def test_users_whose_trade_permission_moved_money_keep_it_and_the_audit_log_records_it(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    traded, read = await open_account(access, bob.id), await open_account(access, bob.id, "second")
    await grant_account(access, SYSTEM, ann.id, traded, AccountPermission.TRADE)
    await grant_account(access, SYSTEM, ann.id, read, AccountPermission.READ)

    await pool().execute(rights._FUNDS_OF_TRADERS)

    assert await permissions_of(ann.id) == {traded: ["TRADE", "FUNDS"], read: ["READ"]}
    assert (await access.authenticator.fresh(ann.actor)).may_move_funds(traded)
    *_, entry = await fetch("SELECT actor, action, target, outcome, detail FROM audit_entries ORDER BY id")
    assert tuple(entry)[:4] == ("system", "grantAccount", f"account:{traded}", "DONE")
    assert orjson.loads(entry["detail"]) == {
        "userId": str(ann.id),
        "email": "ann@example.com",
        "permissions": ["FUNDS", "TRADE"],
        "reason": "upgrade: TRADE let money be moved before FUNDS was a right of its own",
    }
