import pytest
from apprise import Apprise
from hypothesis import given
from hypothesis import strategies as st

from adapters.notifications.channel_addresses import KINDS, WEBHOOKS, problem_of, read_webhook, shown
from adapters.notifications.messenger import OutsideMessenger

SECRET = "0123456789abcdef"


def test_every_listed_address_kind_can_be_sent_to() -> None:
    known = {
        scheme
        for one in Apprise().details()["schemas"]
        for kind in ("protocols", "secure_protocols")
        for scheme in one[kind] or ()
    }
    assert KINDS - set(WEBHOOKS) - known == set()


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (
            "mailtos://user:pass@smtp.example.com:587/?from=a@example.com&to=b@example.com",
            "mailtos://***@smtp.example.com:587/***",
        ),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#x", "slack://***"),
        ("tgram://123456789:AAabcdefghijklmnopqrstuvwxyz0123456/12315544/", "tgram://***"),
        (f"webhooks://:{SECRET}@hooks.example/in?team=1", "webhooks://***@hooks.example/***"),
        ("ntfys://ntfy.example/topic", "ntfys://ntfy.example/***"),
    ],
)
def test_only_kind_and_server_of_an_address_are_shown(url: str, masked: str) -> None:
    messenger = OutsideMessenger()
    assert messenger.problem(url) is None
    assert messenger.shown(url) == masked


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no such kind"),
        ("https://hooks.example/in", "no such kind"),
        ("json://hooks.example/in", "no such kind"),
        ("syslog://", "no such kind"),
        ("dbus://", "no such kind"),
        ("file:///etc/passwd", "no such kind"),
        ("webhooks://hooks.example/in", "secret of at least 16"),
        ("webhooks://:short@hooks.example/in", "secret of at least 16"),
        (f"webhooks://:{SECRET}@/in", "A webhook is"),
        (f"webhooks://:{SECRET}@hooks.example:port/in", "no address"),
        ("mailto://nobody", "looks different"),
        ("slack://token", "looks different"),
        ("mailtos://u:p@smtp.example.com?to=a@b.cd&pgpkey=/etc/passwd", "option 'pgpkey'"),
        ("workflows://h:443/w/s?template=/etc/passwd", "option 'template'"),
        # A line end begins another header of the mail, however often it is encoded.
        ("mailtos://u:p@smtp.example.com?to=a@b.cd&name=x%0d%0aBcc:evil@x.org", "control characters"),
        ("mailtos://u:p@smtp.example.com?to=a@b.cd%250aX-Evil:1", "control characters"),
        ("mailtos://u:p@smtp.example.com?to=a@b.cd&reply=%25252500", "control characters"),
        ("ntfys://ntfy.example/topic\n", "control characters"),
        ("ntfy://ntfy.example/topic?attach=http://10.0.0.1/", "option 'attach'"),
        ("ntfys://ntfy.example/topic?verify=no", "option 'verify'"),
        ("ntfys://ntfy.example/topic?redirect=yes", "option 'redirect'"),
        ("ntfys://ntfy.example/topic?%2Battach=x", "option '+attach'"),
        (f"webhook://:{SECRET}@127.0.0.1:9/in", "private network"),
        (f"webhook://:{SECRET}@[::1]:9/in", "private network"),
        (f"webhook://:{SECRET}@169.254.169.254/latest", "private network"),
        ("ntfy://10.0.0.1/topic", "private network"),
    ],
)
def test_an_invalid_address_is_refused_with_its_reason(url: str, reason: str) -> None:
    assert reason in (OutsideMessenger().problem(url) or "")


def test_a_private_server_is_accepted_when_a_setting_allows_it() -> None:
    assert OutsideMessenger(["10.0.0.0/8"]).problem("ntfy://10.0.0.1/topic") is None


@given(st.text(max_size=80))
def test_any_text_is_refused_or_shown_without_a_crash(text: str) -> None:
    for kind in ("webhooks", "mailto", "slack", text):
        url = f"{kind}://{text}"
        assert problem_of(url) is None or isinstance(problem_of(url), str)


@given(secret=st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_.~%", min_size=16, max_size=40))
def test_the_secret_of_a_webhook_is_never_shown(secret: str) -> None:
    url = f"webhooks://:{secret}@hooks.example/path?x=1"
    assert problem_of(url) is None
    assert shown(url) == "webhooks://***@hooks.example/***"
    assert read_webhook(url).secret == secret
    assert read_webhook(url).url == "https://hooks.example/path?x=1"
