"""Channels through the API: made, changed, tried and removed by whoever may, and what is refused changes nothing."""

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.system.notifications.service import MAX_CHANNELS
from tests.support.people import audited
from tests.support.receivers import Mailbox, Receiver
from tests.support.trading import Platform

FIELDS = """id name url topics minSeverity enabled lastError shared accountIds language quietFrom quietTo timezone
  escalateAfterMinutes lastSentAt"""
SAVE = f"mutation ($input: SaveNotificationChannelInput!) {{ saveNotificationChannel(input: $input) {{ {FIELDS} }} }}"
DELETE = "mutation ($id: ID!) { deleteNotificationChannel(id: $id) }"
TEST = "mutation ($id: ID!) { testNotificationChannel(id: $id) }"
LIST = f"{{ notificationChannels {{ {FIELDS} }} }}"
URL = "webhooks://:0123456789abcdef@hooks.example/in"
PLAIN = {"name": "Mine", "url": URL, "topics": ["RISK_EVENT"]}


@dataclass
class Client:
    """The API with the rights of one user."""

    desk: Platform
    actor: Actor

    async def ask(self, query: str, **variables: Any) -> Any:
        """The value of the one root field, or the code and field of the one error."""
        context = Context(self.desk.services, actor=self.actor)
        result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
        if result.errors:
            original: Any = result.errors[0].original_error
            assert original is not None, result.errors[0]
            return original.code.value, original.context.get("field")
        assert result.data is not None
        (value,) = result.data.values()
        return value

    async def save(self, **changed: Any) -> Any:
        return await self.ask(SAVE, input={**PLAIN, **changed})


@pytest.fixture
async def trader(desk: Platform) -> Client:
    actor, _ = await desk.open_account("10")
    return Client(desk, actor)


@pytest.fixture
def admin(desk: Platform) -> Client:
    return Client(desk, desk.admin)


async def test_a_channel_is_created_changed_and_deleted_and_its_secret_never_shown(trader: Client) -> None:
    made = await trader.save()
    assert made == {
        "id": made["id"],
        "name": "Mine",
        "url": "webhooks://***@hooks.example/***",
        "topics": ["RISK_EVENT"],
        "minSeverity": "WARNING",
        "enabled": True,
        "lastError": None,
        "shared": False,
        "accountIds": None,
        "language": "EN",
        "quietFrom": None,
        "quietTo": None,
        "timezone": "UTC",
        "escalateAfterMinutes": None,
        "lastSentAt": None,
    }
    (stored,) = await fetch("SELECT * FROM notification_channels")
    assert "0123456789abcdef" not in str(dict(stored))
    assert trader.desk.services.notifications.vault.open(stored["sealed_url"]) == URL
    account = str(next(iter(trader.actor.accounts)))
    changed = await trader.save(
        id=made["id"],
        name="Other",
        url=made["url"],
        topics=["ORDER_FILLED", "RISK_EVENT"],
        accountIds=[account],
        language="ZH",
        quietFrom="22:00",
        quietTo="07:30",
        timezone="Asia/Shanghai",
        escalateAfterMinutes=15,
        minSeverity="INFO",
    )
    assert changed == made | {
        "name": "Other",
        "topics": ["ORDER_FILLED", "RISK_EVENT"],
        "accountIds": [account],
        "language": "ZH",
        "quietFrom": "22:00",
        "quietTo": "07:30",
        "timezone": "Asia/Shanghai",
        "escalateAfterMinutes": 15,
        "minSeverity": "INFO",
    }
    assert await trader.ask(LIST) == [changed]
    # What was shown of the address has kept it.
    (stored,) = await fetch("SELECT sealed_url FROM notification_channels")
    assert trader.desk.services.notifications.vault.open(stored["sealed_url"]) == URL
    assert await trader.ask(DELETE, id=made["id"]) == made["id"]
    assert await trader.ask(LIST) == []
    assert await trader.ask(DELETE, id=made["id"]) == ("NOT_FOUND", "id")
    saved, deleted = await audited("saveNotificationChannel"), await audited("deleteNotificationChannel")
    assert (len(saved), len(deleted)) == (2, 1)
    assert "0123456789abcdef" not in str(saved + deleted)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "gopher://host/x"}, "url"),
        ({"url": "https://hooks.example/in"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "webhook://:0123456789abcdef@10.0.0.1/in"}, "url"),
        ({"url": "x" * 1_001}, "url"),
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"topics": []}, "topics"),
        ({"quietFrom": "22:00"}, "quietTo"),
        ({"quietFrom": "24:00", "quietTo": "07:00"}, "quietFrom"),
        ({"quietFrom": "22:00", "quietTo": "7:00"}, "quietTo"),
        ({"quietFrom": "22:00", "quietTo": "22:00"}, "quietTo"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"escalateAfterMinutes": 0}, "escalateAfterMinutes"),
        ({"escalateAfterMinutes": 10_081}, "escalateAfterMinutes"),
        ({"accountIds": []}, "accountIds"),
    ],
)
async def test_an_invalid_channel_is_refused_with_its_field(
    trader: Client, changed: dict[str, Any], field: str
) -> None:
    assert await trader.save(**changed) == ("BAD_USER_INPUT", field)
    assert await fetch("SELECT FROM notification_channels") == []


async def test_foreign_channels_are_not_found(trader: Client, admin: Client) -> None:
    mine = await trader.save()
    platform = await admin.save(shared=True)
    assert await admin.ask(LIST) == [platform]
    assert await trader.ask(LIST) == [mine]
    for somebody, foreign in ((admin, mine), (trader, platform)):
        for query in (DELETE, TEST):
            assert await somebody.ask(query, id=foreign["id"]) == ("NOT_FOUND", "id")
        # Whoever may not see it learns no more by saving.
        assert await somebody.save(id=foreign["id"], name="x") == ("NOT_FOUND", "id")
    assert await trader.save(name="all", shared=True) == ("FORBIDDEN", None)
    assert await trader.save(name="tasks", topics=["TASK_FAILED"]) == ("FORBIDDEN", None)
    assert await trader.save(name="account", accountIds=[str(new_id())]) == ("NOT_FOUND", "accountIds")
    assert await admin.save(id=platform["id"], shared=False) == ("BAD_USER_INPUT", "shared")
    risk = Client(trader.desk, await trader.desk.add_actor(Role.RISK_MANAGER))
    assert await risk.ask(LIST) == [platform]
    assert (await fetch("SELECT count(*) AS n FROM notification_channels"))[0]["n"] == 2


async def test_channel_names_are_unique_per_owner_and_their_number_is_bounded(trader: Client, admin: Client) -> None:
    await trader.save()
    assert await trader.save() == ("CONFLICT", "name")
    await admin.save(shared=True)
    assert await admin.save(shared=True) == ("CONFLICT", "name")
    assert (await admin.save())["name"] == "Mine"
    for number in range(MAX_CHANNELS - 1):
        await trader.save(name=f"n{number}")
    assert await trader.save(name="one more") == ("CONFLICT", None)


async def test_a_test_message_arrives_or_returns_its_error(trader: Client, hook: Receiver, mailbox: Mailbox) -> None:
    made = await trader.save(url=hook.url)
    hook.status = 410
    assert await trader.ask(TEST, id=made["id"]) is False
    assert (await trader.ask(LIST))[0]["lastError"] == "It answered with status 410."
    # Not at once again.
    assert await trader.ask(TEST, id=made["id"]) == ("RATE_LIMITED", None)
    assert [post.content["type"] for post in hook.posts] == ["test"]
    mail = await trader.save(name="mail", url=f"mailto://127.0.0.1:{mailbox.port}/?from=a@example.com&to=b@example.com")
    assert await trader.ask(TEST, id=mail["id"]) is True
    assert [str(each["subject"]) for each in mailbox.mails] == ["Tradegraph: test message"]
    seen = (await trader.ask(LIST))[1]
    assert seen["lastError"] is None
    assert seen["lastSentAt"] is not None


async def test_an_address_encrypted_with_another_secret_is_reported(trader: Client) -> None:
    made = await trader.save()
    with_other = "UPDATE notification_channels SET sealed_url = 'gAAAAA'"
    await fetch(with_other)
    assert await trader.ask(TEST, id=made["id"]) is False
    assert "save the address again" in (await trader.ask(LIST))[0]["lastError"]
