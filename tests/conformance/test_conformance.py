"""Other people's clients accept the API: the audits of graphql-http, and the clients graphql-ws and graphql-sse.

A bare socket speaks what the former would not say. With CONFORMANCE=required a missing Node or registry is a failure;
otherwise it skips.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedded import EmbeddedServices
from tests.support.databases import DatabaseFactory
from tests.support.node import Missing, prepare_packages, run_node
from tests.support.web import Web, web_process

FOLDER = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def packages() -> None:
    try:
        prepare_packages(FOLDER)
    except Missing as missing:
        if os.environ.get("CONFORMANCE") == "required":
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def web(packages: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    # Asked for by name, so that no server is started when the packages are missing.
    databases: DatabaseFactory = request.getfixturevalue("databases")
    services: EmbeddedServices = request.getfixturevalue("services")
    with (
        databases.migrated() as database_url,
        web_process(database_url, services.redis_url, tmp_path_factory.mktemp("web")) as running,
    ):
        yield running


def test_every_graphql_over_http_audit_passes(web: Web) -> None:
    for authorization in ([], [web.sign_in()]):
        done = run_node(FOLDER, "audits.mjs", web.endpoint, *authorization)
        print(done.stdout, end="")  # noqa: T201  # what `make conformance` is asked for
        assert done.returncode == 0, done.stdout
        assert "61 of 61 audits ok" in done.stdout


@pytest.mark.parametrize("protocol", ["realtime", "streams"])
def test_foreign_clients_can_subscribe(web: Web, protocol: str) -> None:
    done = run_node(
        FOLDER,
        "--test-reporter=spec",
        f"{protocol}.test.mjs",
        CONFORMANCE_URL=web.endpoint,
        CONFORMANCE_AUTHORIZATION=web.sign_in(),
    )
    print(done.stdout, end="")  # noqa: T201  # what `make conformance` is asked for
    assert done.returncode == 0, done.stdout
