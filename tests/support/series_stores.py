"""Real stores of time series, started for a test."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.waiting import eventually

_INFLUX = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
"""


@dataclass
class Store:
    """A time series store, running or stopped."""

    name: str
    port: int
    command: list[str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        path = "/ping" if self.name == "influxd" else "/health"

        def answers() -> bool:
            try:
                return httpx.get(f"{self.url}{path}", trust_env=False, timeout=2).status_code < 300
            except httpx.TransportError:
                return False

        await eventually(answers, 60)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def read(self, measurement: str, field: str, tags: Mapping[str, str]) -> dict[int, float]:
        """The values of one series by their moment in nanoseconds."""
        return (self._read_influx if self.name == "influxd" else self._read_victoria)(measurement, field, tags)

    def _read_influx(self, measurement: str, field: str, tags: Mapping[str, str]) -> dict[int, float]:
        where = " AND ".join(f"\"{name}\" = '{value}'" for name, value in tags.items())
        query = f'SELECT "{field}" FROM "{measurement}"' + (f" WHERE {where}" if where else "")
        answer = self._ask("/query", {"db": "tradegraph", "epoch": "ns", "q": query})
        series = answer["results"][0].get("series", [])
        return {row[0]: float(row[1]) for one in series for row in one["values"]}

    def _read_victoria(self, measurement: str, field: str, tags: Mapping[str, str]) -> dict[int, float]:
        labels = ",".join(f'{name}="{value}"' for name, value in tags.items())
        match = f"{measurement}_{field}{{{labels}}}"
        response = httpx.get(f"{self.url}/api/v1/export", params={"match[]": match}, trust_env=False, timeout=30)
        found: dict[int, float] = {}
        for line in response.text.splitlines():
            one = httpx.Response(200, text=line).json()
            # It keeps milliseconds.
            found |= {at * 1_000_000: value for at, value in zip(one["timestamps"], one["values"], strict=True)}
        return found

    def _ask(self, path: str, parameters: dict[str, str]) -> Any:
        return httpx.get(f"{self.url}{path}", params=parameters, trust_env=False, timeout=30).json()


def _influxd(folder: Path, port: int) -> list[str]:
    config = folder / "influxdb.conf"
    config.write_text(_INFLUX.format(folder=folder, port=port, rpc=free_port()))
    return ["influxd", "-config", str(config)]


def _victoria(folder: Path, port: int) -> list[str]:
    retention = "-retentionPeriod=100y"
    return ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}/data", retention]


COMMANDS: Mapping[str, Callable[[Path, int], list[str]]] = {"influxd": _influxd, "victoria-metrics": _victoria}


@contextmanager
def series_store(name: str, folder: Path) -> Iterator[Store]:
    """A store that is not started yet; skips where the program is not there."""
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name} (Debian's package)")
    folder.mkdir()
    port = free_port()
    store = Store(name, port, COMMANDS[name](folder, port), folder)
    try:
        yield store
    finally:
        store.stop()
