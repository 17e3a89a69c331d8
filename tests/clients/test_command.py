"""The command `tradegraph` for people, against a real server: what it prints, and its exit codes."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import main
from tests.clients.conftest import Market
from tests.support.desk import Desk
from tests.support.installation import EMAIL, PASSWORD, Process
from tests.support.processes import ROOT, running
from tradegraph_command.commands import COMMANDS
from tradegraph_command.output import print_json, text_of


class Said(NamedTuple):
    """The result of a command: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """The output, parsed as JSON."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the file of profiles, which does not exist yet."""
    for name in [name for name in os.environ if name.startswith("TRADEGRAPH_CLIENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRADEGRAPH_CLIENT_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path / "profiles.toml"


@pytest.fixture
def run(profiles: Path, shared_web: Process, key: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with a profile that has the key."""
    profiles.write_text(f'[default]\naddress = "{shared_web.address}"\nkey = "{key}"\n')
    profiles.chmod(0o600)

    def run_command(*arguments: str) -> Said:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run_command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_subcommand_has_help_with_the_exit_codes(run: Run, command: str) -> None:
    said = run(command, "--help")
    assert said.code == 0
    assert said.out.startswith(f"usage: tradegraph {command} ")
    assert "3 not signed in or not allowed" in " ".join(said.out.split())


def test_an_order_is_placed_listed_and_cancelled(run: Run, market: Market) -> None:
    placed = run(
        "place", "buy", "2", market.symbol, "--limit", "90", "--account", market.account_id, "--wait", "--json"
    )
    order = placed.json
    assert isinstance(order, dict)
    assert (placed.code, order["status"], order["limitPrice"], order["quantity"]) == (0, "NEW", "90", "2")
    again = run(
        "place", "buy", "2", market.symbol, "--limit", "90", "--account", market.account_id, "--json",
        "--id", order["clientOrderId"],
    )  # fmt: skip
    assert again.json["id"] == order["id"]  # type: ignore[index,call-overload]

    listed = run("orders", "--account", market.account_id, "--open")
    assert [order["id"] in row for row in listed.out.splitlines()[1:]] == [True]
    assert listed.out.splitlines()[0].split()[:4] == ["ORDER", "TIME", "SYMBOL", "SIDE"]

    assert run("cancel", order["id"]).code == 0
    assert run("cancel", "--all", "--account", market.account_id, "--json").json == []


def test_positions_are_shown_and_closed(run: Run, market: Market) -> None:
    assert run("place", "buy", "3", market.symbol, "--account", market.account_id, "--wait").code == 0
    positions = run("positions", "--account", market.account_id, "--json").json
    assert isinstance(positions, list)
    assert [(row["symbol"], row["quantity"], row["averagePrice"]) for row in positions] == [
        (market.symbol, "3", "100.01")
    ]
    assert run("close", market.symbol, "--quantity", "1", "--account", market.account_id).code == 0
    assert run("close", "--all", "--cancel-working", "--account", market.account_id).code == 0
    nothing = run("close", market.symbol, "--account", market.account_id)
    assert (nothing.code, nothing.out) == (1, "")
    assert "REJECTED" in nothing.err


def test_quotes_accounts_and_risk_are_shown(run: Run, market: Market) -> None:
    quotes = run("quotes", market.symbol)
    assert quotes.out.splitlines()[1].split()[:3] == [market.symbol, "99.99", "1000"]
    accounts = run("accounts", "--json").json
    assert isinstance(accounts, list)
    assert market.account_id in [row["id"] for row in accounts]
    risk = run("risk", "--account", market.account_id)
    assert risk.out.splitlines()[0].split()[:2] == ["EQUITY", "CURRENCY"]
    assert run("risk", "--account", market.account_id, "--json").json["metrics"]["equity"] == "100000"  # type: ignore[index,call-overload]


def test_trading_is_halted_listed_and_resumed(run: Run, market: Market) -> None:
    halt = run("halt", "--symbol", market.symbol, "--reason", "news", "--json").json
    assert isinstance(halt, dict)
    refused = run("place", "buy", "1", market.symbol, "--account", market.account_id)
    assert (refused.code, "TRADING_HALTED" in refused.err) == (1, True)
    assert halt["id"] in run("halt", "--list").out
    assert run("halt", "--lift", halt["id"], "--reason", "over").code == 0
    assert run("halt", "--lift", halt["id"]).code == 2
    assert run("halt", "--reason", "which?").code == 2


async def _events(admin: Desk, account_id: str) -> str:
    """A cursor of `accountEvents` before everything that the account does from now on."""
    async with admin.client.socket() as socket:
        stream = await socket.subscribe(
            "subscription ($ids: [ID!]) { accountEvents(accountIds: $ids) { cursor } }", ids=[account_id]
        )
        await admin.client.ask(
            "mutation ($input: CashInput!) { deposit(input: $input) { id } }",
            input={"accountId": account_id, "amount": "1", "reference": "first"},
        )
        cursor: str = (await stream.next())["cursor"]
        return cursor


@pytest.fixture
async def place(admin: Desk, market: Market) -> str:
    """The end of the event log of the market's account."""
    return await _events(admin, market.account_id)


def test_events_are_lines_and_resume_after_the_last_run(run: Run, market: Market, place: str) -> None:
    assert run("place", "buy", "1", market.symbol, "--limit", "50", "--account", market.account_id, "--wait").code == 0
    follow = ("events", "--account", market.account_id, "--name", "desk")
    first = run(*follow, "--after", place, "--count", "2", "--json")
    kinds = [json.loads(line)["kind"] for line in first.out.splitlines()]
    assert kinds == ["PENDING_NEW", "NEW"]
    again = run(*follow, "--count", "1")
    assert again.out.split("\t")[2] == "NEW"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("orders", "--profile", "nobody"), 2, "PROFILE_UNKNOWN: there is no profile 'nobody'"),
        (("place", "buy", "much", "X"), 2, "'much' is not a number"),
        (("place", "buy", "NaN", "X"), 2, "is not a number"),
        (("cancel",), 2, "name orders, or give --all"),
        (("cancel", "01a22a3b-0000-7000-8000-000000000000"), 1, "NOT_FOUND"),
        (("positions", "--account", "nobody's"), 2, "there is no account"),
        (("quotes", "NONE-USD"), 1, "NOT_FOUND"),
        (("events", "--after", "nonsense"), 2, "BAD_USER_INPUT (after)"),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(
    run: Run, market: Market, arguments: tuple[str, ...], code: int, words: str
) -> None:
    del market  # Without its account there is nothing to follow.
    said = run(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert said.err.splitlines()[-1].startswith("tradegraph")


def test_exit_codes_separate_errors_of_the_user_and_of_the_server(
    run: Run, profiles: Path, shared_web: Process, market: Market
) -> None:
    order = ("--account", market.account_id, "buy", "1000000", market.symbol, "--limit", "90")
    refused = run("place", *order)
    assert (refused.code, "INSUFFICIENT_FUNDS" in refused.err) == (1, True)
    checked = run("place", *order, "--check")
    assert (checked.code, checked.out, "it would be refused: " in checked.err) == (1, "", True)
    profiles.write_text(f'[default]\naddress = "{shared_web.address}"\nkey = "tg_wrong"\n')
    assert run("accounts").code == 3
    profiles.write_text('[default]\naddress = "http://127.0.0.1:9"\nkey = "tg_x"\n')
    nobody = run("accounts", "--patience", "0")
    assert (nobody.code, "does not answer" in nobody.err) == (4, True)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_profile_readable_by_others_is_refused(run: Run, profiles: Path, mode: int) -> None:
    profiles.chmod(mode)
    said = run("accounts")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"tradegraph: PROFILE_UNSAFE: others may read {profiles} (mode {mode:o}): chmod 600 {profiles}\n"


def test_an_invalid_profile_is_refused(run: Run, profiles: Path) -> None:
    for text, words in (
        ("[default", "is not valid TOML"),
        ("[default]\naddress = 'http://x'", "needs an address and a key"),
        ("default = 1", "needs an address and a key"),
        ("[default]\naddress = 'ftp://x'\nkey = 'k'", "is no address"),
    ):
        profiles.write_text(text)
        said = run("accounts")
        assert (said.code, words in said.err) == (2, True), said.err
        assert said.err.startswith("tradegraph: PROFILE_INVALID: ")


def test_login_stores_a_key_that_only_its_owner_may_read(
    run: Run, profiles: Path, shared_web: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typing(text: str) -> None:
        monkeypatch.setattr("sys.stdin", StringIO(f"{text}\n"))

    typing(PASSWORD)
    login = ("login", shared_web.address, "--email", EMAIL, "--password-stdin", "--scope", "read")
    said = run(*login, "--profile", "new")
    assert (said.code, said.err) == (0, "")
    assert stat.S_IMODE(profiles.stat().st_mode) == 0o600
    assert PASSWORD not in profiles.read_text() + said.out
    secret = profiles.read_text().split("[new]")[1].split('key = "')[1].split('"')[0]
    assert secret not in said.out
    assert run("accounts", "--profile", "new").code == 0
    # The key reads, and no more.
    assert run("halt", "--everything", "--reason", "x", "--profile", "new").code == 3
    assert run("profile", "list").out.splitlines() == [f"default\t{shared_web.address}", f"new\t{shared_web.address}"]
    assert run("profile", "remove", "new").code == 0
    assert run("profile", "remove", "new").code == 2

    typing("wrong password")
    assert run(*login).code == 3
    typing("tg_a_key")
    assert run("profile", "add", "other", "https://desk.example.com/").code == 0
    assert 'address = "https://desk.example.com"' in profiles.read_text()
    typing("tg_a_key")
    assert run("profile", "add", "a name", "https://x").code == 2


def test_control_characters_in_texts_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b[31m\x9b2J\u202eb\n"
    assert text_of(evil) == "a\N{REPLACEMENT CHARACTER}[31m" + "\N{REPLACEMENT CHARACTER}2J" + (
        "\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    )
    print_json(["中文", evil])
    shown = capsys.readouterr().out
    assert json.loads(shown) == ["中文", evil]
    assert "中文" in shown
    assert not {"\x1b", "\x9b"} & set(shown)


def test_shell_completion_lists_the_subcommands(run: Run, tmp_path: Path, profiles: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "tradegraph" in run("completion", shell).out
    assert run("completion", "cmd").code == 2

    def complete(line: str) -> list[str]:
        """The completions of a line that a shell gets."""
        answer = tmp_path / "offered"
        settings = {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "TRADEGRAPH_CLIENT_PROFILES": str(profiles),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tradegraph_command"],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [word.strip() for word in answer.read_text().split("\x0b")]

    assert complete("tradegraph orders --profile def") == ["default"]


def test_the_client_command_runs_without_the_server_packages(profiles: Path) -> None:
    """The interpreter finds neither the server's packages nor their other dependencies."""
    script = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
from importlib import metadata
metadata.entry_points = lambda **_: ()
from tradegraph_command import main
for command in sys.argv[2].split(","):
    try:
        main.main([command, "--help"])
    except SystemExit as end:
        assert end.code == 0
print(main.main(["accounts"]))
"""
    server = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    client = tomllib.loads((ROOT / "clients" / "python" / "pyproject.toml").read_text())["project"]
    own = [*client["dependencies"], *client["optional-dependencies"]["command"]]
    names = [re.split(r"[\[<>=]", requirement)[0] for requirement in server]
    hidden = {name.replace("-", "_") for name in names if not any(row.startswith(name) for row in own)}
    hidden |= {"adapters", "api", "cli", "domain", "workers", "tortoise", "strawberry", "jwt", "graphql"}
    done = subprocess.run(
        [sys.executable, "-c", script, ",".join(sorted(hidden)), ",".join(COMMANDS)],
        env=os.environ | {"TRADEGRAPH_CLIENT_PROFILES": str(profiles)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2"
    assert "PROFILE_UNKNOWN" in done.stderr
    assert "tradegraph login" in done.stderr


def test_changes_are_printed_as_lines_until_an_interrupt(run: Run, profiles: Path, market: Market) -> None:
    environment = {"TRADEGRAPH_CLIENT_PROFILES": str(profiles), "NO_PROXY": "*"}
    with running(["quotes", market.symbol, "--watch", "--json"], environment, "tradegraph_command") as watching:
        quote = json.loads(watching.wait_for_line(lambda line: market.symbol in line))
        assert (quote["bid"], quote["ask"]) == ("99.99", "100.01")
        assert watching.stop(signal.SIGINT) == 130
    assert "Traceback" not in watching.output
