"""The trading desk: its own unit tests, and its pages in a real browser against a platform with a simulated market.

What is tested stands in web/desk/tests; here the platform is started that the browser tests are given.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedded import EmbeddedServices
from tests.browser.devtools import find_chromium
from tests.support.databases import DatabaseFactory
from tests.support.processes import running
from tests.support.web import Web, web_process

_DESK = Path(__file__).parents[2] / "web" / "desk"
_SECONDS = 400


def _missing(*, browser: bool) -> str:
    if not (_DESK / "node_modules").is_dir() or not (_DESK / "dist" / "index.html").exists():
        return "the desk is not built: make desk"
    return "no Chromium is installed" if browser and find_chromium() is None else ""


def _require(*, browser: bool) -> None:
    if missing := _missing(browser=browser):
        assert os.environ.get("BROWSER") != "required", missing
        pytest.skip(missing)


def _node(*arguments: str, **environment: str) -> None:
    command = [str(_DESK.parent / "with-node"), *arguments]
    settings = {**os.environ, **environment}
    try:
        finished = subprocess.run(
            command, cwd=_DESK, env=settings, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"not done within {_SECONDS} s:\n{(late.stdout or b'').decode()[-20_000:]}")
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr[-5_000:]


@pytest.fixture(scope="module")
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    _require(browser=True)
    # Asked for by name, so that no server is started when there is no browser.
    databases: DatabaseFactory = request.getfixturevalue("databases")
    services: EmbeddedServices = request.getfixturevalue("services")
    folder = tmp_path_factory.mktemp("platform")
    with (
        databases.migrated() as database_url,
        web_process(database_url, services.redis_url, folder, TRADEGRAPH_FEED="sim") as web,
        running(
            ["engine"],
            {
                "DATABASE_URL": database_url,
                "REDIS_URL": services.redis_url,
                "TRADEGRAPH_DATA_DIR": str(folder),
                "TRADEGRAPH_SECRET": web.secret,
                "TRADEGRAPH_FEED": "sim",
            },
        ) as engine,
    ):
        engine.wait_for_line(lambda line: "venue ready" in line)
        yield web
        engine.stop()


def test_the_unit_tests_of_the_desk_pass() -> None:
    _require(browser=False)
    _node("npm", "run", "--silent", "test")


@pytest.mark.parametrize("part", ["looks", "trade", "live", "oversight", "account", "states"])
def test_the_desk_works_in_a_real_browser(platform: Web, part: str) -> None:
    _node(
        "node",
        "--test",
        "--test-reporter=spec",
        f"tests/browser/{part}.test.mjs",
        DESK_ADDRESS=platform.address,
        DESK_EMAIL=platform.email,
        DESK_PASSWORD=platform.password,
        CHROMIUM=find_chromium() or "",
    )
