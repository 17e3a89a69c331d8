"""Secrets do not reach the log, in whatever form they come."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from adapters.logs.configuration import configure_logging
from adapters.logs.masking import scrub_text, scrubber
from adapters.settings.values import LogSetting

SECRET = "hunter2-hunter2"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
KEY = "tg_a1b2c3d4_0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        (
            f"cannot reach postgresql://desk:{SECRET}@db.example:5432/t",
            "cannot reach postgresql://desk:***@db.example:5432/t",
        ),
        (f"redis://:{SECRET}@cache:6379/0", "redis://:***@cache:6379/0"),
        (f"postgresql://desk:p@{SECRET}@db/t", "postgresql://desk:***@db/t"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        (f"{{'authorization': 'bearer {SECRET}'}}", "{'authorization': 'bearer ***'}"),
        (f"key {KEY} is not valid", "key tg_*** is not valid"),
        (f"token {TOKEN}.", "token ***."),
        (f"GET /order?symbol=X&signature={SECRET}&x=1", "GET /order?symbol=X&signature=***&x=1"),
        (f"{{'X-MBX-APIKEY': '{SECRET}', 'a': 1}}", "{'X-MBX-APIKEY': '***', 'a': 1}"),
        (f'{{"apiKey":"{SECRET}","signature":"{SECRET}"}}', '{"apiKey":"***","signature":"***"}'),
        ("the signature is not valid", "the signature is not valid"),
        ("https://desk.example/page at 10:30", "https://desk.example/page at 10:30"),
        ("order 0193a5c2-7c11-7000-8000-000000000000 filled", "order 0193a5c2-7c11-7000-8000-000000000000 filled"),
    ],
)
def test_credentials_are_masked_and_other_text_is_unchanged(text: str, scrubbed: str) -> None:
    assert scrub_text(text) == scrubbed


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[tuple[Literal["json", "console"], io.StringIO]]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(LogSetting("info", request.param), stream)
    try:
        yield request.param, stream
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)


def fail(**_details: Any) -> None:
    raise ConnectionError(f"no answer from redis://:{SECRET}@cache:6379/0")


def test_no_log_call_leaks_a_secret(written: tuple[str, io.StringIO]) -> None:
    kind, stream = written
    log = structlog.stdlib.get_logger("test")
    log.warning(
        f"sent Bearer {SECRET}", password=SECRET, detail={"refreshToken": SECRET, "headers": [f"Bearer {TOKEN}"]}
    )
    log.warning("known", session_id="s1", token_count=3, user="ada", none=None, at=(1, 2.5, True))
    logging.getLogger("library").warning("connecting to postgresql://desk:%s@db/t", SECRET)
    try:
        fail(password=SECRET)
    except ConnectionError:
        log.exception("failed")
        logging.getLogger("library").exception("failed there too")
    text = stream.getvalue()
    assert SECRET not in text
    assert TOKEN not in text
    assert text.count("ConnectionError: no answer from redis://:***@cache:6379/0") == 2
    assert text.count("Traceback") == 2
    if kind == "json":
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines[0]["detail"] == {"refreshToken": "***", "headers": ["Bearer ***"]}
        known = {name: lines[1][name] for name in ("session_id", "token_count", "user", "none", "at")}
        assert known == {"session_id": "s1", "token_count": 3, "user": "ada", "none": None, "at": [1, 2.5, True]}


def test_known_secrets_are_masked_everywhere() -> None:
    process = scrubber(["venue-key-0815", "venue-key-0815-and-more", "short"])
    event = {
        "event": "refused venue-key-0815-and-more",
        "details": {"said": ["about venue-key-0815", 7], "by": ValueError("venue-key-0815")},
        "short": "a short word",
    }
    assert process(None, "info", event) == {
        "event": "refused ***",
        "details": {"said": ["about ***", 7], "by": "***"},
        "short": "a short word",
    }
