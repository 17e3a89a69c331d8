"""Events of the platform reach real servers once, in few messages, and only permitted receivers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.access.types import Role
from domain.accounts.service import MoveCash, deposit
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.risk.events import acknowledge_event
from domain.risk.types import Severity
from domain.system.health import ComponentHealth, ComponentState
from domain.system.notifications.collecting import collect
from domain.system.notifications.types import NotificationLanguage, NotificationTopic
from tests.orders.factories import command
from tests.support.receivers import Mailbox, Receiver
from tests.support.telling import QUICK, add_channel, raise_risk, telling
from tests.support.trading import Platform, instrument
from tests.support.waiting import eventually, until

ESCALATE = {"escalate_after_minutes": 5}


async def settled() -> bool:
    """Whether there was something to be sent, and nothing waits."""
    found = await states()
    return bool(found) and "PENDING" not in found


async def states() -> dict[str, int]:
    rows = await fetch("SELECT state, count(*) AS number FROM notification_deliveries GROUP BY state")
    return {row["state"]: row["number"] for row in rows}


async def test_a_mail_describes_the_event_in_words(desk: Platform, mailbox: Mailbox) -> None:
    url = f"mailto://127.0.0.1:{mailbox.port}/?from=desk@example.com&to=risk@example.com"
    await add_channel(desk.services, desk.admin, url, language=NotificationLanguage.ZH)
    async with telling(desk.services):
        await raise_risk(desk.services, severity=Severity.CRITICAL)
        await eventually(lambda: bool(mailbox.mails))
        await until(settled)
    (mail,) = mailbox.mails
    assert str(mail["subject"]) == "Tradegraph: 严重, 风控 · 单日亏损"
    assert "risk@example.com" in str(mail["to"])
    assert UUID(str(mail["x-tradegraph-message"]))
    text = mail.get_body().get_content()
    assert "Loss number 0." in text
    assert "https://desk.example/risk/events" in text


async def test_many_notices_are_one_message_and_a_webhook_lists_each(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    events = await raise_risk(desk.services, 300)
    async with telling(desk.services):
        await until(settled)
    (post,) = hook.posts
    assert post.path == "/hook"
    assert hook.keys == [f"risk:{event.sequence}" for event in events]
    data = post.content["data"]
    assert (data["id"], data["title"], data["leftOut"]) == (post.id, "Tradegraph: Warning, 300 messages", 0)
    assert data["notices"][0]["text"] == "Loss number 0."


async def test_notices_beyond_all_bounds_are_counted(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    await raise_risk(desk.services, 1_000)
    await raise_risk(desk.services, 1_000)
    # All of it is read before anything is sent.
    while await collect(desk.services.bus, ()):
        pass
    async with telling(desk.services):
        await until(settled, 60)
    assert sum(post.content["data"]["leftOut"] for post in hook.posts) == 1_000
    assert len(hook.keys) == len(set(hook.keys)) == 1_000
    assert len(hook.posts) == 2


async def test_a_new_channel_gets_no_earlier_notices(desk: Platform, hook: Receiver) -> None:
    await raise_risk(desk.services)
    first = await add_channel(desk.services, desk.admin, hook.url)
    (event,) = await raise_risk(desk.services)
    async with telling(desk.services):
        await until(lambda: one_sent(1))
    assert hook.keys == [f"risk:{event.sequence}"]
    assert first.since < event.created_at


async def one_sent(number: int) -> bool:
    return (await states()).get("SENT", 0) >= number


async def test_a_failed_message_is_reported_and_retried_until_it_arrives(desk: Platform, hook: Receiver) -> None:
    made = await add_channel(desk.services, desk.admin, hook.url)
    hook.status = 503
    (event,) = await raise_risk(desk.services)
    async with telling(desk.services):
        await eventually(lambda: len(hook.posts) >= 2)
        error = (await fetch("SELECT last_error FROM notification_channels WHERE id = $1", made.id))[0]["last_error"]
        assert error == "It answered with status 503."
        hook.status = 200
        await until(settled)
    assert len({post.id for post in hook.posts}) == 1
    assert hook.keys == [f"risk:{event.sequence}"]
    row = (await fetch("SELECT last_error, failures, last_sent_at FROM notification_channels"))[0]
    assert (row["last_error"], row["failures"]) == (None, 0)
    assert row["last_sent_at"] is not None


async def test_a_message_is_given_up_after_a_day_of_failures(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    hook.status = 500
    await raise_risk(desk.services)
    async with telling(desk.services, replace(QUICK, give_up_after=timedelta(seconds=0.3))):
        await until(settled)
    assert await states() == {"FAILED": 1}


async def test_a_redirect_is_not_followed(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    hook.status, hook.headers = 307, {"location": "/elsewhere"}
    await raise_risk(desk.services)
    async with telling(desk.services):
        await eventually(lambda: bool(hook.posts))
        await until(lambda: failed("It answered with status 307."))
    assert {post.path for post in hook.posts} == {"/hook"}


async def failed(reason: str) -> bool:
    return bool(await fetch("SELECT FROM notification_channels WHERE last_error = $1", reason))


@pytest.fixture
async def traded(desk: Platform) -> Platform:
    await desk.add_instrument(instrument("COIN.T"))
    await desk.quote("COIN.T", "99", "101")
    return desk


async def test_fills_and_rejections_are_sent_to_channels_that_ask_for_them(traded: Platform, hook: Receiver) -> None:
    owner, book = await traded.open_account("10000")
    await deposit(traded.services.bus, owner, MoveCash(book.id, Decimal(1), "before"))
    wanted = (NotificationTopic.ORDER_FILLED, NotificationTopic.ORDER_REJECTED)
    await add_channel(traded.services, owner, hook.url, *wanted, min_severity=Severity.CRITICAL)
    buy = {"account_id": book.id, "symbol": "COIN.T", "side": Side.BUY, "type": OrderType.MARKET, "limit_price": None}
    buy |= {"time_in_force": TimeInForce.IOC}
    good, bad = await traded.place(
        owner,
        command(**buy, quantity=Decimal(2), client_order_id="good"),
        command(**buy, quantity=Decimal(2000), client_order_id="bad"),
    )
    await traded.filled(good.id, "2")
    async with telling(traded.services):
        await until(lambda: one_sent(2))
    told = {notice["topic"]: notice for post in hook.posts for notice in post.content["data"]["notices"]}
    fill, refusal = told["ORDER_FILLED"], told["ORDER_REJECTED"]
    assert (fill["subjectId"], fill["values"]["quantity"], fill["values"]["price"]) == (str(good.id), "2", "101")
    assert (refusal["subjectId"], refusal["kind"]) == (str(bad.id), "INSUFFICIENT_FUNDS")
    assert fill["account"] == "Test"


async def test_notices_of_invisible_accounts_are_not_sent(desk: Platform, hook: Receiver, mailbox: Mailbox) -> None:
    owner, book = await desk.open_account("10")
    stranger = await desk.add_actor()
    await add_channel(desk.services, owner, hook.url, name="mine")
    await add_channel(desk.services, stranger, hook.url.replace("/hook", "/stranger"), name="theirs")
    await raise_risk(desk.services, account_id=book.id)
    everybody = await raise_risk(desk.services)
    async with telling(desk.services):
        await until(lambda: one_sent(3))
    seen = {
        path: [n["key"] for p in hook.posts if p.path == path for n in p.content["data"]["notices"]]
        for path in ("/hook", "/stranger")
    }
    assert len(seen["/hook"]) == 2
    assert seen["/stranger"] == [f"risk:{everybody[0].sequence}"]


async def test_a_user_who_lost_the_right_gets_no_waiting_notice(desk: Platform, hook: Receiver) -> None:
    owner, book = await desk.open_account("10")
    await add_channel(desk.services, owner, hook.url)
    await raise_risk(desk.services, account_id=book.id)
    assert not await collect(desk.services.bus, ())
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("UPDATE users SET active = false WHERE id = $1", owner.user_id)
    async with telling(desk.services):
        await until(settled)
    assert (hook.posts, await states()) == ([], {"DROPPED": 1})


async def test_an_unacknowledged_event_is_escalated(desk: Platform, hook: Receiver) -> None:
    risk_manager = await desk.add_actor(Role.RISK_MANAGER)
    await add_channel(desk.services, desk.admin, hook.url, shared=True, min_severity=Severity.CRITICAL, **ESCALATE)
    seen, unseen = await raise_risk(desk.services, 2, Severity.CRITICAL)
    await acknowledge_event(desk.services.bus, risk_manager, seen.id)
    async with telling(desk.services):
        await until(lambda: one_sent(2))
        # As if it had been five minutes.
        async with unit_of_work(desk.services.bus) as work:
            await work.execute("UPDATE risk_events SET created_at = created_at - interval '5 minutes'")
            await work.execute("UPDATE notification_channels SET since = since - interval '1 hour'")
        await until(lambda: one_sent(3))
        await until(settled)
    assert sorted(hook.keys) == sorted([f"risk:{seen.sequence}", f"risk:{unseen.sequence}", f"escalation:{unseen.id}"])
    assert "not acknowledged for 5 minutes" in hook.posts[-1].content["data"]["title"]


async def test_a_finally_failed_run_is_reported_once(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url, NotificationTopic.TASK_FAILED)
    run_id = new_id()
    async with unit_of_work(desk.services.bus) as work:
        await work.execute(
            "INSERT INTO task_runs (id, task, state, cause, attempt, failures, losses, due_at, ready_at, finished_at, "
            "error, epoch, progress, version, changed_at) VALUES ($1, 'book-proof', 'FAILED', 'SCHEDULE', 1, 1, 0, "
            "now(), now(), now(), 'They differ.', 0, '{}', 1, now())",
            run_id,
        )
    async with telling(desk.services):
        await until(lambda: one_sent(1))
    for _ in range(3):
        await collect(desk.services.bus, ())
    assert hook.keys == [f"run:{run_id}"]
    assert await states() == {"SENT": 1}
    assert "the task book-proof has failed: They differ." in hook.posts[0].content["data"]["text"]


async def test_a_health_problem_and_its_end_are_reported(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url, NotificationTopic.SYSTEM_HEALTH)

    async def look(state: ComponentState) -> None:
        await collect(desk.services.bus, [ComponentHealth("role:feed", state, detail="Nobody plays it.")])

    for state in (ComponentState.UP, ComponentState.DOWN, ComponentState.DOWN, ComponentState.UP, ComponentState.UP):
        await look(state)
    rows = await fetch("SELECT key FROM notification_deliveries ORDER BY id")
    assert [row["key"] for row in rows] == ["health:1:role:feed", "health:2:role:feed"]
    async with telling(desk.services, replace(QUICK, confirm_seconds=3_600)):
        await until(settled)
    text = hook.posts[0].content["data"]["text"]
    assert "role:feed is down" in text
    assert "role:feed works again" in text


async def test_two_workers_send_a_notice_once(desk: Platform, hook: Receiver) -> None:
    await add_channel(desk.services, desk.admin, hook.url)
    async with telling(desk.services), telling(desk.services), telling(desk.services):
        sequences = [event.sequence for _ in range(10) for event in await raise_risk(desk.services, 3)]
        await until(lambda: one_sent(30))
    assert sorted(hook.keys) == sorted(f"risk:{number}" for number in sequences)
    assert len([notice for post in hook.posts for notice in post.content["data"]["notices"]]) == 30
