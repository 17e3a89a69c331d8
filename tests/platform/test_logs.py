"""Lines that would come with each request come once a minute."""

import io

import pytest
import structlog

from adapters.logs import configuration
from adapters.logs.configuration import configure_logging
from adapters.settings.values import LogSetting


def test_a_continuing_failure_is_logged_once_a_minute_per_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(configuration, "monotonic", lambda: now[0])
    output = io.StringIO()
    configure_logging(LogSetting("info", "console"), output)
    log = structlog.stdlib.get_logger("test")
    for _ in range(3):
        for second in range(60):
            now[0] += 1
            log.warning("away", reason="DISK_FULL", seldom=True)
            log.warning("away", reason="READ_ONLY", seldom=True)
            if second == 0:
                log.warning("other")
    lines = output.getvalue().splitlines()
    assert sum("other" in line for line in lines) == 3
    for reason in ("DISK_FULL", "READ_ONLY"):
        said = [line for line in lines if reason in line]
        assert len(said) == 3
        assert ["left_out=59" in line for line in said] == [False, True, True]
    assert "seldom" not in output.getvalue()


def test_the_number_of_remembered_reasons_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_MAX_SELDOM", 10)
    seldom = configuration._Seldom()
    for number in range(100):
        seldom(None, "warning", {"event": f"e{number}", "seldom": True})
        assert len(seldom._seen) <= 10
