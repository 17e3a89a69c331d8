"""The container files: linters accept them, and they name nothing that is not there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.settings.loading import load_settings
from cli.main import COMMANDS
from tests.support.processes import ROOT

FOLDER = ROOT / "deploy" / "docker"
PROGRAMS = Path(sys.executable).parent
SECRETS = (
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "TRADEGRAPH_SECRET",
    "TRADEGRAPH_ADMIN_PASSWORD",
    "GRAFANA_PASSWORD",
    "METRICS_TOKEN",
)
SECRET = "0123456789abcdef" * 3
OURS = ("migrate", "web-1", "web-2", "engine-1", "engine-2", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))
    return content


def _instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    joined = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined if line.strip())]


def _filled(text: str, environment: dict[str, str]) -> str:
    """Compose's own substitution, as far as the file uses it."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match["name"], match["kind"], match["rest"]
        if kind == ":?":
            assert name in environment, f"{name} is not in the example"
        return environment.get(name) or (rest if kind == ":-" else "")

    return re.sub(r"\$\{(?P<name>\w+)(?P<kind>:[?-])?(?P<rest>[^}]*)\}", value, text)


@pytest.mark.parametrize("command", [["hadolint", "Dockerfile"], ["compose-lint", "compose.yml"]])
def test_a_linter_accepts_each_container_file(command: list[str]) -> None:
    done = subprocess.run(
        [PROGRAMS / command[0], FOLDER / command[1]], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_runs_unprivileged_and_reports_its_health() -> None:
    instructions = _instructions()
    last = max(index for index, (word, _) in enumerate(instructions) if word == "FROM")
    stage = dict(instructions[last:])
    user, _, group = stage["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "'http://127.0.0.1:8000/healthz'" in stage["HEALTHCHECK"]
    assert 'Route("/healthz"' in (ROOT / "api" / "app.py").read_text(encoding="utf-8")
    assert (stage["ENTRYPOINT"], stage["CMD"]) == ('["tradegraph"]', '["web"]')
    assert not any(word == "ADD" or "curl" in rest for word, rest in instructions)


def test_every_file_of_the_image_exists_and_reaches_the_builder() -> None:
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    ]
    copied = [rest.split()[:-1] for word, rest in _instructions() if word == "COPY" and not rest.startswith("--from")]
    for source in (each for sources in copied for each in sources):
        assert (ROOT / source).exists(), source
        assert any(
            source == name or source.startswith((f"{name}/", name.rpartition("/")[0] or "\0")) for name in allowed
        )
    packages = {line for line in allowed if (ROOT / line / "__init__.py").exists()}
    assert packages == {"adapters", "api", "cli", "domain", "migrations", "workers"}


def test_the_settings_in_the_image_exist() -> None:
    given: dict[str, str] = {}
    for word, rest in _instructions():
        if word == "ENV":
            given |= dict(part.split("=", 1) for part in shlex.split(rest))
    settings = load_settings({name: value for name, value in given.items() if name.startswith("TRADEGRAPH_")})
    assert (settings.host, settings.port, settings.log.format) == ("0.0.0.0", 8000, "json")


def test_every_compose_process_is_a_command_with_known_settings(compose: dict[str, Any]) -> None:
    environment = dict.fromkeys(SECRETS, SECRET)
    for name in OURS:
        service = compose["services"][name]
        assert service["command"][0] in COMMANDS
        filled = {key: _filled(str(value), environment) for key, value in service["environment"].items()}
        settings = load_settings(filled)
        assert settings.database_url == f"postgresql://tradegraph:{SECRET}@postgres:5432/tradegraph"
        assert "172.30.77.0/24" in settings.trusted_proxies
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert "privileged" not in service
        assert "user" not in service, "that of the image is no root"
    commands = [compose["services"][name]["command"] for name in OURS]
    assert commands == [["prepare"], ["web"], ["web"], ["engine"], ["engine"], ["worker"]]


def test_compose_services_depend_on_each_other_and_their_files_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            wanted = condition["condition"]
            check = services[other].get("healthcheck")
            assert wanted != "service_healthy" or check is not None or other.startswith("web-"), (name, other)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            # Folders of rules and dashboards may be empty.
            assert source in compose["volumes"] or source.startswith("../") or (FOLDER / source).exists(), source
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "only this machine, until somebody decides otherwise"
    for name in OURS[1:]:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_example_environment_names_every_secret_and_holds_none(compose: dict[str, Any]) -> None:
    lines = [line for line in (FOLDER / "example.env").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    example = dict(line.split("=", 1) for line in lines if line)
    wanted = set(re.findall(r"\$\{(\w+):\?", (FOLDER / "compose.yml").read_text(encoding="utf-8")))
    assert wanted == {name for name, value in example.items() if not value} == set(SECRETS)
    assert compose["secrets"]["scrape_token"] == {"environment": "METRICS_TOKEN"}
    ignored = (FOLDER / ".gitignore").read_text(encoding="utf-8").split()
    assert ignored == [".env"]
