"""Lines that would come with each request come once a minute."""

import io
import logging

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


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_text_forges_a_line_or_steers_a_terminal(form: str) -> None:
    output = io.StringIO()
    configure_logging(LogSetting("info", form), output)
    forged = "x\r\n2026-01-31T09:30:00.000000Z [info     ] role taken\x1b[2J\x85\u2028\x9b\u202e"
    log = structlog.stdlib.get_logger("test")
    log.warning(forged)
    log.warning("a value", reason=forged, short="\x1b[2J", deep=[forged, {"in": forged}])
    logging.getLogger("library").warning("said %s", forged)
    try:
        raise ValueError(forged)
    except ValueError:
        log.exception("failed")
    text = output.getvalue()
    assert all(each == "\n" or each.isprintable() for each in text)
    lines = text.splitlines()
    own = [line for line in lines if line[:1] not in (" ", "")]
    # Nothing but the four events begins a line.
    assert len(own) == 4
    assert (len(lines) == 4) == (form == "json")


def test_the_number_of_remembered_reasons_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_MAX_SELDOM", 10)
    seldom = configuration._Seldom()
    for number in range(100):
        seldom(None, "warning", {"event": f"e{number}", "seldom": True})
        assert len(seldom._seen) <= 10
