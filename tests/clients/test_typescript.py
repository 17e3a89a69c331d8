"""The quick start in TypeScript compiles, and does what it says against a real server.

With CONFORMANCE=required a missing Node or registry is a failure; otherwise it skips.
"""

import os

import pytest

from tests.clients.conftest import Market
from tests.support.installation import Process
from tests.support.node import Missing, prepare_packages, run_node
from tests.support.processes import ROOT

FOLDER = ROOT / "clients" / "typescript"


@pytest.fixture(scope="module")
def packages() -> None:
    try:
        prepare_packages(FOLDER)
    except Missing as missing:
        if os.environ.get("CONFORMANCE") == "required":
            raise
        pytest.skip(str(missing))


def test_the_typescript_quick_start_compiles_and_follows_its_order(
    packages: None, shared_web: Process, key: str, market: Market
) -> None:
    compiled = run_node(FOLDER, "node_modules/typescript/bin/tsc", "--outDir", str(FOLDER / "build"))
    assert compiled.returncode == 0, compiled.stdout
    done = run_node(
        FOLDER,
        "build/quickstart.js",
        market.account_id,
        market.symbol,
        TRADEGRAPH_CLIENT_ADDRESS=shared_web.address,
        TRADEGRAPH_CLIENT_KEY=key,
    )
    assert done.returncode == 0, done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines == [
        f"{market.symbol} 99.99 / 100.01",
        "PENDING_NEW",
        "PENDING_NEW PENDING_NEW 0",
        "NEW NEW 0",
        "TRADE FILLED 1 100.01",
    ]
