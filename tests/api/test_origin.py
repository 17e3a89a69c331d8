"""The pages that may call the server."""

import pytest

from api.transport.origin import OriginPolicy, normalise_origin


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://desk.example", ("https", "desk.example", 443)),
        ("HTTPS://Desk.Example:443", ("https", "desk.example", 443)),
        ("http://127.0.0.1:8000", ("http", "127.0.0.1", 8000)),
        ("http://[::1]:8000", ("http", "::1", 8000)),
        ("null", None),
        ("", None),
        ("desk.example", None),
        ("file://", None),
        ("https://desk.example/page", None),
        ("https://desk.example:port", None),
        ("https://desk.example:99999", None),
    ],
)
def test_an_origin_consists_of_scheme_host_and_port(origin: str, expected: tuple[str, str, int] | None) -> None:
    assert normalise_origin(origin) == expected


@pytest.mark.parametrize(
    ("origin", "host", "permitted"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://desk.example", "desk.example", True),
        ("https://desk.example:443", "desk.example", True),
        ("http://localhost:8000", "localhost:8001", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("http://localhost:8000", "", False),
        ("https://desk.example.evil.example", "desk.example", False),
        ("null", "null", False),
    ],
)
def test_a_page_of_the_server_itself_may_call(origin: str, host: str, permitted: bool) -> None:
    assert OriginPolicy(()).permits({"origin": origin, "host": host}) is permitted


def test_a_page_of_an_allowed_origin_may_call_and_read() -> None:
    policy = OriginPolicy(["https://desk.example"])
    foreign = {"origin": "https://desk.example:443", "host": "api.example"}
    assert policy.permits(foreign)
    assert dict(policy.cors_headers(foreign))[b"access-control-allow-origin"] == b"https://desk.example:443"
    for other in ("http://desk.example", "https://desk.example:8443", "https://www.desk.example"):
        assert not policy.permits({"origin": other, "host": "api.example"})
        assert policy.cors_headers({"origin": other}) == []
        assert policy.preflight_headers({"origin": other}) == []


@pytest.mark.parametrize(
    ("headers", "permitted"),
    [
        ({}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, True),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, False),
    ],
)
def test_a_request_without_an_origin_is_judged_by_sec_fetch_site(headers: dict[str, str], permitted: bool) -> None:
    assert OriginPolicy(()).permits(headers) is permitted


@pytest.mark.parametrize("origin", ["*", "desk.example", "https://desk.example/", "null"])
def test_an_invalid_origin_cannot_be_allowed(origin: str) -> None:
    if origin == "https://desk.example/":
        assert OriginPolicy([origin]).allows("https://desk.example")
    else:
        with pytest.raises(ValueError, match="is not an origin"):
            OriginPolicy([origin])
