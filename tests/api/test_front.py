"""The allowed hosts, and the address of the client of a request."""

from itertools import count
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from api.transport import front
from api.transport.front import HostPolicy
from api.transport.proxies import TrustedProxies
from tests.support.api import Desk, running
from tests.support.web import Web, web_process

DESK = ("desk.example", "*.floor.example")


@pytest.mark.parametrize(
    ("host", "permitted"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("app.localhost", True),
        ("127.0.0.1:8000", True),
        ("192.168.1.5", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("desk.example", True),
        ("DESK.example.:443", True),
        ("a.floor.example", True),
        ("floor.example", False),
        ("evil.example", False),
        ("desk.example.evil.example", False),
        ("evildesk.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost:8000:evil", False),
        ("desk.example:evil", False),
        ("[::1", False),
        ("[::1]evil.example", False),
        ("", False),
        ("desk.example/", False),
        ("user@desk.example", False),
    ],
)
def test_only_allowed_hosts_are_served(host: str, permitted: bool) -> None:
    policy = HostPolicy(DESK)
    for _ in range(2):
        assert policy.permits([host.encode()]) is permitted
    # Two hosts are none, and without any it is no browser that asks.
    assert not policy.permits([host.encode(), b"localhost"])
    assert policy.permits([])
    assert HostPolicy(("*",)).permits([host.encode()])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        # What the client itself put in front counts for nothing.
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4, 10.9.9.9"], "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        ("10.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["fe80::1%eth0 actor_id=forged"], "fe80::1"),
        ("10.0.0.1", ["[fe80::1%eth0]:443"], "fe80::1"),
        ("10.0.0.1", ["1.2.3.4, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4, "], "10.0.0.1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_trusted_proxy(peer: str, forwarded: list[str], client: str) -> None:
    headers = [each.encode() for each in forwarded]
    assert TrustedProxies(("10.0.0.0/8",)).client_of(peer, headers) == client
    assert TrustedProxies(()).client_of(peer, headers) == peer


@given(st.lists(st.text(alphabet="0123456789abcdef:.[], \u00ff", max_size=30), max_size=4))
def test_no_forged_header_changes_the_client_address(forwarded: list[str]) -> None:
    proxies = TrustedProxies(("10.0.0.0/8",))
    headers = [each.encode("latin-1") for each in forwarded]
    assert proxies.client_of("203.0.113.9", headers) == "203.0.113.9"
    assert proxies.client_of("10.0.0.1", [*headers, b"1.2.3.4"]) == "1.2.3.4"


async def test_a_page_with_a_rebound_host_name_gets_nothing() -> None:
    async with running(Desk(), allowed_hosts=DESK) as server, httpx.AsyncClient(trust_env=False) as client:
        for host, status in (("evil.example", 421), ("desk.example", 200), ("localhost:1", 200)):
            for path in ("/healthz", "/graphql?query={__typename}"):
                answer = await client.get(f"{server.address}{path}", headers={"host": host})
                assert answer.status_code == status, (host, path)
        refused = await client.post(server.endpoint, json={"query": "{ who }"}, headers={"host": "evil.example"})
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (421, {"code": "FORBIDDEN"})
        address = server.endpoint.replace("http", "ws", 1)
        protocol = [Subprotocol("graphql-transport-ws")]
        with pytest.raises(InvalidStatus) as caught:
            async with connect(
                address.replace("127.0.0.1", "evil.example"),
                subprotocols=protocol,
                host="127.0.0.1",
                port=int(server.address.rpartition(":")[2]),
                proxy=None,
            ):
                pass
        assert caught.value.response.status_code == 403


WRONG = "mutation ($i: LoginInput!) { login(input: $i) { accessToken } }"
NUMBERS = count(1)
# A hundred sign-ins with the hashing of production would take half a minute of a core.
QUICK = "tests.support.quick_hashing"


def attempt(web: Web, email: str, **headers: str) -> str:
    """The error code of a sign-in with a wrong password."""
    body = {"query": WRONG, "variables": {"i": {"email": email, "password": "wrong wrong wrong"}}}
    answer = httpx.post(web.endpoint, json=body, headers=headers, trust_env=False, timeout=30.0)
    code: str = answer.json()["errors"][0]["extensions"]["code"]
    return code


def from_elsewhere() -> dict[str, str]:
    number = next(NUMBERS)
    hop = f"198.51.100.{number}"
    return {"X-Forwarded-For": hop, "Forwarded": f"for={hop}", "X-Real-IP": hop, "Via": hop, "True-Client-IP": hop}


def test_forged_addresses_allow_no_additional_login_attempts(database_url: str, redis_url: str, tmp_path: Path) -> None:
    with web_process(database_url, redis_url, tmp_path, module=QUICK) as web:
        spellings = ["admin@example.com", " Admin@Example.COM ", "ADMIN@example.com\t"]
        codes = [attempt(web, spellings[turn % 3].strip("\t"), **from_elsewhere()) for turn in range(12)]
        assert codes == ["UNAUTHENTICATED"] * 10 + ["RATE_LIMITED"] * 2
        # Nor do ever new people: the address has a bound of its own.
        codes = [attempt(web, f"nobody{turn}@example.com", **from_elsewhere()) for turn in range(42)]
        assert codes == ["UNAUTHENTICATED"] * 40 + ["RATE_LIMITED"] * 2


def test_each_client_behind_a_trusted_proxy_has_its_own_limit(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    proxied = {"TRADEGRAPH_TRUSTED_PROXIES": "127.0.0.0/8"}
    with web_process(database_url, redis_url, tmp_path, module=QUICK, **proxied) as web:
        for turn in range(51):
            forged = f"203.0.113.{turn}, 198.51.100.1"
            code = attempt(web, f"nobody{turn}@example.com", **{"X-Forwarded-For": forged})
            assert code == ("UNAUTHENTICATED" if turn < 50 else "RATE_LIMITED")
        assert attempt(web, "nobody@example.com", **{"X-Forwarded-For": "198.51.100.2"}) == "UNAUTHENTICATED"


def test_a_path_in_the_log_has_no_control_characters() -> None:
    assert front._path({"raw_path": b"/a\x85\x9b[2J\xff?token=secret"}) == "/a\\x85\\x9b[2J\\xff"
