"""The command `tradegraph`: help, and failures in one line with an exit code."""

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.embedded.ports import LOOPBACK
from cli.main import COMMANDS, main
from cli.migrate import unmigrated_changes
from tests.support.ports import free_port
from tests.support.processes import ROOT, clean_environment, run


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_subcommand_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: tradegraph {command} ")
    assert COMMANDS[command][1:].split()[0] in shown


def test_the_list_of_subcommands_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"\n    {command}" in shown for command in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["user"], ["user", "create"], ["migrate", "--nonsense"]])
def test_invalid_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: tradegraph")


def test_all_invalid_settings_are_named_and_nothing_is_created(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    done = run(
        ["up"],
        {
            "TRADEGRAPH_PORT": "http",
            "TRADEGRAPH_FEED": f"replay:{tmp_path / 'none.csv'}",
            "TRADEGRAPH_DATA_DIR": str(data_dir),
        },
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "tradegraph: TRADEGRAPH_PORT: must be a whole number from 1 to 65535 (it is 'http')\n"
        f"tradegraph: TRADEGRAPH_FEED: there is no file {tmp_path / 'none.csv'} "
        f"(it is 'replay:{tmp_path / 'none.csv'}')\n"
    )
    assert not data_dir.exists()


def test_an_unreachable_database_is_one_line_and_an_exit_code(environment: dict[str, str]) -> None:
    port = free_port()
    environment["DATABASE_URL"] = f"postgresql://desk:hunter2@{LOOPBACK}:{port}/books"
    done = run(["migrate"], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"tradegraph: the database {LOOPBACK}:{port}/books cannot be used: Connection refused\n")


def test_an_invalid_password_is_not_retried(environment: dict[str, str]) -> None:
    head, _, tail = environment["DATABASE_URL"].partition("@")
    environment["DATABASE_URL"] = f"{head.rpartition(':')[0]}:hunter2@{tail}"
    done = run(["migrate"], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f'tradegraph: the database {tail} cannot be used: password authentication failed for user "tradegraph"\n'
    )


def test_an_unreachable_redis_is_one_line_and_an_exit_code(environment: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    environment |= {"REDIS_URL": f"redis://:hunter2@{LOOPBACK}:{port}/0", "TRADEGRAPH_PORT": str(free_port())}
    (tmp_path / "Procfile").write_text("web: exit 1\n")
    done = run(["up", "--procfile", str(tmp_path / "Procfile")], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"tradegraph: the Redis server {LOOPBACK}:{port}/0 cannot be used: ")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_an_invalid_database_address_is_refused(environment: dict[str, str]) -> None:
    environment["DATABASE_URL"] = f"postgresql://{LOOPBACK}:1/books?sslmode=nonsense"
    done = run(["migrate"], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"tradegraph: the database {LOOPBACK}:1/books cannot be used: ")
    assert done.stderr.count("\n") == 1


def test_users_are_created_listed_and_given_passwords(environment: dict[str, str]) -> None:
    created = run(
        ["user", "create", "Eve@Example.com", "--name", "Eve", "--role", "viewer"],
        environment,
        stdin="correct horse battery\n",
    )
    assert (created.returncode, created.stdout, created.stderr) == (0, "eve@example.com may sign in as VIEWER\n", "")
    again = run(["user", "create", "eve@example.com"], environment, stdin="correct horse battery\n")
    assert (again.returncode, again.stdout, again.stderr) == (
        1,
        "",
        "tradegraph: A user with this email exists already.\n",
    )
    weak = run(["user", "password", "eve@example.com"], environment, stdin="short\n")
    assert (weak.returncode, weak.stdout, weak.stderr) == (
        1,
        "",
        "tradegraph: A password needs at least 12 characters.\n",
    )
    changed = run(["user", "password", "eve@example.com"], environment, stdin="another horse battery\n")
    assert (changed.returncode, changed.stdout, changed.stderr) == (0, "the password of eve@example.com is set\n", "")
    unknown = run(["user", "password", "adam@example.com"], environment, stdin="another horse battery\n")
    assert (unknown.returncode, unknown.stdout, unknown.stderr) == (1, "", "tradegraph: There is no such user.\n")
    listing = run(["user", "list"], environment)
    assert (listing.returncode, listing.stderr) == (0, "")
    heading, *users = listing.stdout.splitlines()
    assert heading == "EMAIL            NAME  ROLE    ACTIVE  CREATED"
    assert [user.split()[:4] for user in users] == [["eve@example.com", "Eve", "VIEWER", "yes"]]


def _run_shell(script: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a script whose `$0` is this Python; returns its exit code and its standard error."""
    done = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable],
        cwd=ROOT,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_seeding_twice_adds_rows_once(environment: dict[str, str]) -> None:
    first, second = run(["seed"], environment), run(["seed"], environment)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("8 instruments added: AAPL.US, ")
    assert (second.returncode, second.stdout, second.stderr) == (0, "0 instruments added\n", "")


def test_the_proof_without_accounts_passes(environment: dict[str, str]) -> None:
    done = run(["proof"], environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 accounts proved, 0 disagreements\n", "")


def test_a_dump_is_restored_into_an_empty_database_only(
    environment: dict[str, str], empty_database_url: str, tmp_path: Path
) -> None:
    run(["user", "create", "eve@example.com"], environment, stdin="correct horse battery\n")
    before = run(["user", "list"], environment).stdout
    dump = tmp_path / "dump"
    shell = f'"$0" -m cli database dump > "{dump}" && "$0" -m cli database restore < "{dump}"'
    refused = _run_shell(shell, environment)
    assert refused == (1, "tradegraph: the database is not empty: restore into a new data folder or a new database\n")
    target = environment | {"DATABASE_URL": empty_database_url}
    assert _run_shell(f'"$0" -m cli database restore < "{dump}"', target) == (0, "")
    assert run(["user", "list"], target).stdout == before


async def test_the_models_match_the_migrations() -> None:
    assert await unmigrated_changes() == []


def test_migrating_twice_changes_nothing(environment: dict[str, str], empty_database_url: str) -> None:
    environment["DATABASE_URL"] = empty_database_url
    for _ in range(2):
        done = run(["migrate"], environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, "the schema is up to date\n", "")


@pytest.mark.parametrize("command", ["web", "engine", "worker", "seed", "proof", "user list"])
def test_a_missing_schema_is_reported(command: str, environment: dict[str, str], empty_database_url: str) -> None:
    done = run(command.split(), environment | {"DATABASE_URL": empty_database_url})
    assert (done.returncode, done.stdout) == (1, "")
    wanted = len(list((ROOT / "migrations").glob("0*.py")))
    assert done.stderr == (
        f"tradegraph: the database {empty_database_url.rpartition('@')[2]} lacks {wanted} of {wanted} migrations: "
        "run tradegraph migrate first\n"
    )


@pytest.mark.parametrize("command", ["web", "engine", "worker"])
def test_a_process_reports_what_it_lacks(command: str, environment: dict[str, str]) -> None:
    del environment["DATABASE_URL"]
    alone = run([command], environment)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert alone.stderr == (
        "tradegraph: DATABASE_URL or REDIS_URL is not set and no `tradegraph up` runs on "
        f"{environment['TRADEGRAPH_DATA_DIR']}: set both, or start that first\n"
    )
    down = run([command], environment | {"DATABASE_URL": f"postgresql://{LOOPBACK}:{free_port()}/books"})
    assert (down.returncode, down.stdout) == (1, "")
    assert down.stderr.endswith(" cannot be used: Connection refused\n")


def test_web_reports_a_port_in_use(environment: dict[str, str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        taken = run(["web"], environment | {"TRADEGRAPH_PORT": str(port)})
    assert (taken.returncode, taken.stdout) == (1, "")
    assert taken.stderr == (
        f"tradegraph: cannot listen on {LOOPBACK} port {port} (Address already in use): "
        "stop what uses it, or set TRADEGRAPH_PORT or TRADEGRAPH_HOST\n"
    )


def test_the_exported_schema_is_the_committed_one(tmp_path: Path) -> None:
    exported = run(["export-schema"], {})
    assert (exported.returncode, exported.stderr) == (0, "")
    assert exported.stdout == (ROOT / "schema.graphql").read_text(encoding="utf-8")
    stale = tmp_path / "stale.graphql"
    stale.write_text("type Query\n")
    for path, reason in (
        (stale, f"{stale} is not the schema of this code: run make schema"),
        (tmp_path / "none", f"cannot read {tmp_path / 'none'}: No such file or directory"),
    ):
        refused = run(["export-schema", "--check", str(path)], {})
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", f"tradegraph: {reason}\n")
