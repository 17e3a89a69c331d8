"""The systemd units: systemd accepts them, and they run commands that exist with settings that are known."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from adapters.settings.loading import load_settings
from cli.main import COMMANDS
from tests.support.processes import ROOT

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.glob("tradegraph*.*") if path.suffix in (".service", ".target"))


def _values(unit: str, name: str) -> list[str]:
    lines = (FOLDER / unit).read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def test_each_process_has_a_systemd_unit() -> None:
    assert UNITS == [
        "tradegraph-engine@.service",
        "tradegraph-prepare.service",
        "tradegraph-web@.service",
        "tradegraph-worker.service",
        "tradegraph.target",
    ]


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not here")
    for unit in UNITS:
        text = (FOLDER / unit).read_text(encoding="utf-8")
        # The programs are not where they will be.
        (tmp_path / unit).write_text(text.replace("/opt/tradegraph/.venv/bin/tradegraph", "/bin/true"))
    paths = [str(tmp_path / unit.replace("@.", "@8001.")) for unit in UNITS]
    for template in ("tradegraph-web@.service", "tradegraph-engine@.service"):
        shutil.copy(tmp_path / template, tmp_path / template.replace("@.", "@8001."))
    done = subprocess.run([program, "verify", "--man=no", *paths], capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if str(tmp_path) in line or "tradegraph" in line]
    assert (done.returncode, said) == (0, []), done.stderr


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.endswith(".service")])
def test_a_service_runs_a_known_command_without_privileges(unit: str) -> None:
    (line,) = _values(unit, "ExecStart")
    program, command = shlex.split(line)
    assert program == "/opt/tradegraph/.venv/bin/tradegraph"
    assert command in COMMANDS
    assert _values(unit, "User") == ["tradegraph"]
    assert _values(unit, "NoNewPrivileges") == ["yes"]
    assert _values(unit, "CapabilityBoundingSet") == [""]
    given = dict(each.replace("%i", "8001").split("=", 1) for each in _values(unit, "Environment"))
    load_settings(given)


def test_the_example_settings_are_valid() -> None:
    lines = (FOLDER / "tradegraph.env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    settings = load_settings(given)
    assert settings.allowed_hosts == ("desk.example",)
    assert settings.log.format == "json"
