"""Processes that cannot do what they are asked: one line that says why, and no traceback."""

import socket
from pathlib import Path

import pytest

from tests.support.desk import signed_in
from tests.support.installation import Installation
from tests.support.processes import run

SYMBOL = "DAMAGED.LAB"
DAMAGED = f"""ts,symbol,bid,ask,bid_size,ask_size
2024-08-08T23:54:15.088169167Z,{SYMBOL},99.99,100.01,5,5
2024-08-08T23:54:15.188169167Z,{SYMBOL},99.98,100.02,5,5
2024-08-08T23:54:15.288169167Z,{SYMBOL},much,more,5,5
2024-08-08T23:54:15.388169167Z,{SYMBOL},99.97,100.03,5,5
"""


@pytest.mark.parametrize("command", ["web", "engine"])
def test_a_start_with_an_unreachable_database_fails_in_one_line(command: str, tmp_path: Path) -> None:
    with socket.socket() as silent:
        # Bound, so that nobody else can listen there.
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}/books"
        environment = {"DATABASE_URL": f"postgresql://desk:hunter2@{address}", "REDIS_URL": "redis://127.0.0.1:1/0"}
        done = run([command], environment | {"TRADEGRAPH_DATA_DIR": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"tradegraph: the database {address} cannot be used: Connection refused\n"


@pytest.mark.parametrize(
    ("setting", "problem"),
    [("replay:{}/none.csv", "there is no file {}/none.csv"), ("replay:{}:0", "SPEED must be a positive number or max")],
)
def test_a_start_with_a_missing_recording_fails_in_one_line(tmp_path: Path, setting: str, problem: str) -> None:
    given = setting.format(tmp_path)
    done = run(["engine"], {"TRADEGRAPH_FEED": given, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"tradegraph: TRADEGRAPH_FEED: {problem.format(tmp_path)} (it is {given!r})\n"


async def test_a_damaged_recording_plays_up_to_the_damage_and_trading_continues(
    fresh: Installation, tmp_path: Path
) -> None:
    recorded = tmp_path / "damaged.csv"
    recorded.write_text(DAMAGED)
    web, engine = fresh.web(), fresh.engine(TRADEGRAPH_FEED=f"replay:{recorded}:max")
    fresh.start(web)
    async with signed_in(web.address) as desk:
        await desk.create_instrument(SYMBOL)
        account_id = await desk.open_account("1000")
        engine.start()
        line = engine.wait_for("feed stopped")
        assert line.endswith(f"""problem="{recorded}: line 4: 'much' is no number\"""")
        order = await desk.place(account_id, SYMBOL, "BUY", "1")
        filled = await desk.settled(order["id"], "FILLED")
        assert [(item["price"], item["at"]) for item in filled["executions"]] == [
            ("100.02", "2024-08-08T23:54:15.188169167Z")
        ]
        await desk.check_books()
    assert "Traceback" not in engine.output
