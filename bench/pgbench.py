"""PostgreSQL's own load generator, running the SQL functions of this folder: the limit for placing orders."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters.database.libpq import address_variables, program
from bench.desk import SYMBOL, Desk
from bench.stage import Stage

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
# One of the accounts, and numbers that have not been used before.
_HEAD = "\\set account random(1, {count})\n\\set number random(1, 9000000000000000)\n"
_SINGLE = _HEAD + (
    "SELECT * FROM bench_place_order(('{{{accounts}}}'::uuid[])[:account::int], 'sql-' || :number::bigint, '{symbol}', "
    "'BUY', 0.001, 30000 + (:number::bigint % 5000) / 100.0);\n"
)
# A script has a limited length; each of so many orders is as good as another.
_SOME = 500
_BATCH = _HEAD + (
    "SELECT bench_place_orders(('{{{accounts}}}'::uuid[])[:account::int], :number::bigint, {size}, '{symbol}');\n"
)


def single_orders(desk: Desk) -> str:
    """A script that places one order per transaction."""
    return _SINGLE.format(count=len(desk.sql_accounts), accounts=",".join(desk.sql_accounts), symbol=SYMBOL)


def batches(desk: Desk, size: int) -> str:
    """A script that places ``size`` orders per transaction."""
    accounts = ",".join(desk.sql_accounts)
    return _BATCH.format(count=len(desk.sql_accounts), accounts=accounts, symbol=SYMBOL, size=size)


def changes(orders: Sequence[str], price: str) -> str:
    """A script that changes one of some orders per transaction, or cancels it when there is no price."""
    some = ",".join(orders[:_SOME])
    return (
        f"\\set place random(1, {min(len(orders), _SOME)})\n"
        f"SELECT bench_change_order(('{{{some}}}'::uuid[])[:place::int], {price});\n"
    )


def transactions_per_second(stage: Stage, script: str, *, clients: int, seconds: int) -> float:
    """Transactions per second of a script over ``clients`` connections, prepared statements, no think time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(script)
        result = subprocess.run(
            [
                program("pgbench"),
                "--no-vacuum",
                "--protocol=prepared",
                f"--client={clients}",
                "--jobs=1",
                f"--time={seconds}",
                f"--file={path}",
            ],
            env=address_variables(stage.database_url),
            check=False,
            capture_output=True,
            text=True,
        )
    assert result.returncode == 0, result.stderr
    found = _TPS.search(result.stdout)
    assert found is not None, result.stdout
    return float(found[1])


def best_client_count(stage: Stage, script: str, counts: tuple[int, ...]) -> int:
    """The number of clients that gets most through."""
    rates = {count: transactions_per_second(stage, script, clients=count, seconds=1) for count in counts}
    return max(rates, key=lambda count: rates[count])
