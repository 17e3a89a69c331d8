"""Sending by itself: names that mean private addresses, receivers that hang, and what may be known of a failure."""

import logging
from collections.abc import Iterator

import pytest

from adapters.notifications import webhook_signatures
from adapters.notifications.encryption import SecretVault
from adapters.notifications.messenger import OutsideMessenger
from domain.kernel.ids import new_id
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.system.notifications.ports import NotSent, Unsealable
from domain.system.notifications.rendering import render_test
from domain.system.notifications.types import Message, NotificationLanguage
from tests.support.receivers import SECRET, Mailbox, Receiver, mail_server
from tests.system.notifications.factories import NOON


@pytest.fixture
def message() -> Message:
    return render_test(new_id(), NotificationLanguage.EN, "https://desk.example", NOON)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as there:
        yield there


async def test_a_host_name_with_a_private_address_is_not_connected(
    message: Message, hook: Receiver, mailbox: Mailbox
) -> None:
    strict = OutsideMessenger()
    with pytest.raises(NotSent, match="private network"):
        await strict.send(f"webhook://:{SECRET}@localhost:{hook.port}/in", message)
    mail = f"mailto://localhost:{mailbox.port}/?from=a@example.com&to=b@example.com"
    with pytest.raises(NotSent, match="could not be reached"):
        await strict.send(mail, message)
    assert (hook.posts, mailbox.mails) == ([], [])
    # The very same addresses, where a setting allows them.
    lax = OutsideMessenger(["127.0.0.0/8", "::1"])
    await lax.send(f"webhook://:{SECRET}@localhost:{hook.port}/in", message)
    await lax.send(mail, message)
    assert (len(hook.posts), len(mailbox.mails)) == (1, 1)


async def test_a_redirect_of_a_library_service_is_not_followed(message: Message, hook: Receiver) -> None:
    hook.status, hook.headers = 302, {"location": "/elsewhere"}
    with pytest.raises(NotSent, match="status 302"):
        await OutsideMessenger(["127.0.0.0/8"]).send(f"ntfy://127.0.0.1:{hook.port}/topic", message)
    assert {post.path for post in hook.posts} == {"/"}


async def test_a_server_that_does_not_answer_is_given_up_after_the_timeout(
    message: Message, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.notifications.messenger.ATTEMPT_SECONDS", 0.2)
    hook.gate.clear()
    with pytest.raises(NotSent, match="did not answer in time"):
        await OutsideMessenger(["127.0.0.0/8"]).send(hook.url, message)


async def test_secrets_of_an_address_reach_neither_error_nor_log(
    message: Message, hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.status = 401
    lax = OutsideMessenger(["127.0.0.0/8"])
    for url in (
        f"ntfy://somebody:hunter2hunter2@127.0.0.1:{hook.port}/topic",
        f"gotify://127.0.0.1:{hook.port}/hunter2hunter2",
        f"webhook://:hunter2hunter2hunter2@127.0.0.1:{hook.port}/in",
    ):
        with pytest.raises(NotSent) as failure:
            await lax.send(url, message)
        assert "hunter2" not in str(failure.value)
    assert "hunter2" not in caplog.text
    assert len(hook.posts) == 3


def test_a_signature_covers_body_id_and_time() -> None:
    now, body = Nanos.now(), b'{"type":"test"}'
    headers = webhook_signatures.headers_of("id-1", body, SECRET, now)
    assert webhook_signatures.verify(headers, body, SECRET, now) == "id-1"
    late = Nanos(now + 301 * NANOS_PER_SECOND)
    refused = [
        (headers, body + b" ", SECRET, now),
        (headers, body, "another secret", now),
        (headers, body, SECRET, late),
        (headers | {"webhook-id": "id-2"}, body, SECRET, now),
        (headers | {"webhook-timestamp": str(late // NANOS_PER_SECOND)}, body, SECRET, late),
        ({}, body, SECRET, now),
        (headers | {"webhook-signature": "v1,é"}, body, SECRET, now),
    ]
    for given in refused:
        with pytest.raises(webhook_signatures.NotAuthentic):
            webhook_signatures.verify(*given)


def test_the_signature_follows_the_standard_webhooks_convention() -> None:
    # Worked out by hand with openssl dgst -sha256 -hmac.
    headers = webhook_signatures.headers_of("msg_1", b"{}", "0123456789abcdef", 1_700_000_000 * NANOS_PER_SECOND)
    assert headers["webhook-signature"] == "v1,3uojc/2kvL+KpJkw4ZNrA/5YjEs9cdfKdc3lXIvRjkk="


def test_encrypted_text_is_read_with_the_same_secret_only() -> None:
    sealed = SecretVault("s" * 40).seal("slack://token")
    assert "token" not in sealed
    assert SecretVault("s" * 40).open(sealed) == "slack://token"
    for other, text in (("t" * 40, sealed), ("s" * 40, sealed[:-4] + "AAA="), ("s" * 40, "")):
        with pytest.raises(Unsealable):
            SecretVault(other).open(text)
