"""Refusals by the database itself, independent of the code above it."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.access.service import Access
from domain.kernel.database import fetch
from tests.support.people import join, open_account, stored


async def test_every_named_constraint_exists(database: str) -> None:
    rows = await fetch(
        "SELECT conname FROM pg_constraint WHERE contype IN ('u', 'c') AND conrelid = ANY($1::regclass[]) ORDER BY 1",
        ["users", "sessions", "refresh_tokens", "api_keys", "account_grants", "audit_entries"],
    )
    assert [row["conname"] for row in rows] == [
        "account_grants_once",
        "api_keys_prefix",
        "refresh_tokens_token_hash",
        "sessions_end_has_reason",
        "users_email",
        "users_email_lower_case",
    ]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE users SET email = 'Ann@example.com'", asyncpg.CheckViolationError),
        (
            "INSERT INTO users SELECT $1, email, name, role, active, password_hash, created_at, updated_at FROM users",
            asyncpg.UniqueViolationError,
        ),
        ("DELETE FROM users WHERE id <> $1", asyncpg.IntegrityConstraintViolationError),
        ("UPDATE sessions SET ended_at = now() WHERE id <> $1", asyncpg.CheckViolationError),
    ],
)
async def test_the_database_refuses_rows_that_break_a_constraint(
    access: Access, statement: str, error: type[Exception]
) -> None:
    ann = await join(access, "ann")
    await open_account(access, ann.id)
    before = await stored()
    arguments: list[UUID] = [uuid4()] if "$1" in statement else []
    with pytest.raises(error):
        await fetch(statement, *arguments)
    assert await stored() == before
