"""The desk's pages: every route is the page, files are kept for ever, nothing from elsewhere is let in."""

import gzip
from pathlib import Path

import httpx
import pytest

from tests.support.api import Desk, running

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-encoding": "identity"}
PAGE = "<!doctype html><title>desk</title>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "main-1a2b.js").write_text("export {}")
    (tmp_path / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(b"export {}"))
    (tmp_path.parent / "secret.txt").write_text("secret")
    (tmp_path / "link.txt").symlink_to(tmp_path.parent / "secret.txt")
    (tmp_path / "linked").symlink_to(tmp_path.parent)
    return tmp_path


async def test_every_desk_route_serves_the_page_and_the_api_keeps_its_address(desk: Desk, pages: Path) -> None:
    async with running(desk, trading_desk=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        for path in ("/", "/desk", "/account/1/ledger", "/sign-in?next=%2Frisk"):
            page = await client.get(f"{server.address}{path}", headers=BROWSER)
            assert (page.status_code, page.text) == (200, PAGE)
            assert page.headers["cache-control"] == "no-cache"
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
        answer = await client.post(server.endpoint, json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert (await client.get(f"{server.address}/healthz")).status_code == 200
        assert (await client.post(f"{server.address}/desk")).status_code == 405


async def test_desk_files_are_cached_and_compressed_for_clients_that_accept_it(desk: Desk, pages: Path) -> None:
    async with running(desk, trading_desk=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        address = f"{server.address}/assets/main-1a2b.js"
        for accepted, encoding in (("gzip, br", "gzip"), ("identity", None)):
            script = await client.get(address, headers={"accept-encoding": accepted})
            assert (script.status_code, script.text) == (200, "export {}")
            assert script.headers["content-type"].startswith("text/javascript")
            assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert script.headers.get("content-encoding") == encoding
            again = {"accept-encoding": accepted, "if-none-match": script.headers["etag"]}
            assert (await client.get(address, headers=again)).status_code == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
async def test_the_desk_is_only_read(desk: Desk, pages: Path, method: str) -> None:
    async with running(desk, trading_desk=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        for path in ("/", "/assets/main-1a2b.js"):
            assert (await client.request(method, f"{server.address}{path}")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/gone.js", "/assets/main-1a2b.js.gz", "/../secret.txt", "/%2e%2e/secret.txt", "/%00.js"),
        *("/..%2fsecret.txt", "/assets/..%5c..%5c..%5csecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/link.txt"),
        *("/linked/secret.txt", "//secret.txt", "/assets/main-1a2b.js%00.css", "/%252e%252e/secret.txt"),
        "/assets%2f..%2f..%2fsecret.txt",
    ],
)
async def test_a_file_outside_the_desk_is_not_found(desk: Desk, pages: Path, path: str) -> None:
    async with running(desk, trading_desk=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{server.address}{path}", headers=BROWSER)).status_code == 404
        assert (await client.get(f"{server.address}/desk")).status_code == 404
