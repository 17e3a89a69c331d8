"""The explorer's pages are served to browsers only, under a policy that lets nothing in from elsewhere."""

import gzip
from pathlib import Path

import httpx
import pytest

from tests.support.api import Desk, running

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>explorer</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("export {}")
    (tmp_path.parent / "secret.txt").write_text("secret")
    return tmp_path


async def test_a_browser_gets_the_explorer_and_a_program_the_api(desk: Desk, pages: Path) -> None:
    async with running(desk, explorer=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(server.endpoint, headers=BROWSER)
        assert (page.status_code, page.text) == (200, "<!doctype html><title>explorer</title>")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["vary"] == "accept"
        assert page.headers["cache-control"] == "no-cache"
        answer = await client.get(server.endpoint, params={"query": "{ __typename }"}, headers=BROWSER)
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert (await client.get(server.endpoint)).status_code == 400


async def test_explorer_files_are_cached_and_no_other_file_is_served(desk: Desk, pages: Path) -> None:
    async with running(desk, explorer=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        script = await client.get(f"{server.address}/explorer/assets/main-1a2b.js")
        assert (script.status_code, script.text) == (200, "export {}")
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "content-security-policy" in script.headers
        for path in (
            "/explorer/nothing.js",
            "/explorer/../secret.txt",
            "/explorer/%2e%2e/secret.txt",
            "/explorer/assets/",
        ):
            assert (await client.get(f"{server.address}{path}")).status_code == 404


async def test_the_api_works_without_the_explorer_pages(desk: Desk, tmp_path: Path) -> None:
    async with running(desk, explorer=tmp_path / "dist") as server, httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(server.endpoint, headers=BROWSER)
        assert page.status_code == 404
        assert "POST" in page.text
        answer = await client.post(server.endpoint, json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}


async def test_files_compressed_at_build_time_are_sent_compressed(desk: Desk, pages: Path) -> None:
    (pages / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(b"export {}"))
    async with running(desk, explorer=pages) as server, httpx.AsyncClient(trust_env=False) as client:
        address = f"{server.address}/explorer/assets/main-1a2b.js"
        for accepted, encoding in (("gzip, br", "gzip"), ("identity", None), ("gzip;q=0, br", None), ("*", "gzip")):
            script = await client.get(address, headers={"accept-encoding": accepted})
            assert (script.text, script.headers.get("content-encoding")) == ("export {}", encoding)
            # Whoever keeps it between us and others has to keep both.
            assert script.headers["vary"].lower() == "accept-encoding"
            assert script.headers["content-type"].startswith("text/javascript")
            assert "immutable" in script.headers["cache-control"]
