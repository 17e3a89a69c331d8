"""A web process under attack: its memory stays what it was, and what others ask is answered meanwhile.

The seconds of an answer depend on what else the machine does: `make floods` measures them. The processor time that an
attack costs does not.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.floods.attacks import ATTACKS
from tests.floods.others import others
from tests.floods.stage import attacked
from tests.support.web import Web

# Of the memory before the attack.
_GROWTH = 1.5
# The dearest of these attacks costs a second.
_CPU_SECONDS = 5.0


@pytest.fixture(scope="module")
def web(databases: Any, services: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with databases.migrated() as url, attacked(url, services.redis_url, Path(tmp_path_factory.mktemp("data"))) as web:
        yield web


@pytest.fixture(scope="module")
def two_processes(databases: Any, services: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = Path(tmp_path_factory.mktemp("data"))
    with databases.migrated() as url, attacked(url, services.redis_url, folder, processes=2) as web:
        yield web


@pytest.mark.parametrize("name", ATTACKS)
async def test_other_clients_are_served_during_an_attack(web: Web, name: str) -> None:
    await _withstand(web, name)


@pytest.mark.parametrize("name", [*ATTACKS][-3:])
async def test_several_processes_withstand_attacks_on_all_of_them(two_processes: Web, name: str) -> None:
    await _withstand(two_processes, name)


async def _withstand(web: Web, name: str) -> None:
    async with others(web) as asking:
        await ATTACKS[name](web, asking.authorization)
    logging.getLogger("floods").info("%s: %s", name, asking)
    assert asking.memory < asking.memory_before * _GROWTH, str(asking)
    assert asking.cpu_seconds < _CPU_SECONDS, str(asking)
    assert web.process.process.poll() is None
