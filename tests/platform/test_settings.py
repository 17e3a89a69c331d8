"""Settings from the environment."""

from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.settings.loading import Settings, load_settings
from adapters.settings.values import Address, FeedSetting, LogSetting
from adapters.settings_error import SettingsError
from adapters.venues.registry import configure
from adapters.venues.venue_settings import VenueSetting
from api.limits import RequestLimits
from domain.kernel.day_roll import DayRoll

BOUNDS: dict[str, Any] = {
    "connections": 10_000,
    "connections_per_address": 2_000,
    "waiting_per_address": 200,
    "requests_per_connection": 10_000,
    "url_bytes": 16_384,
    "headers": 100,
    "header_bytes": 32_768,
    "header_seconds": 10,
    "body_bytes": 1_000_000,
    "body_seconds": 30,
    "idle_seconds": 30,
    "stalled_seconds": 20,
    "held_bytes_per_user": 16_000_000,
}


def test_bounds_that_are_settings_equal_those_of_the_api() -> None:
    assert {name: getattr(RequestLimits(), name) for name in BOUNDS} == BOUNDS


def test_settings_have_defaults_without_any_variable() -> None:
    assert load_settings({}) == Settings(
        host="127.0.0.1",
        port=8000,
        data_dir=Path.cwd() / ".data",
        admin_email="admin@tradegraph.localhost",
        admin_password="",
        secret="",
        feed=FeedSetting("sim"),
        venues=(),
        day_roll=DayRoll(time(0, 0), ZoneInfo("UTC")),
        log=LogSetting("info", "console"),
        web_processes=1,
        requests_per_second=2_000,
        requests_burst=20_000,
        anonymous_requests_per_second=1_000,
        anonymous_requests_burst=10_000,
        task_lease_seconds=20,
        quote_ahead_seconds=60,
        quote_stale_seconds=30,
        documents=(),
        operations="any",
        allowed_origins=(),
        allowed_hosts=(),
        trusted_proxies=(),
        influx_url="",
        influx_database="tradegraph",
        influx_token="",
        metrics_token="",
        engine_metrics=None,
        worker_metrics=None,
        fix=None,
        fix_comp_id="TRADEGRAPH",
        public_url="",
        notify_networks=(),
        keep_history_days=400,
        keep_bars_days=None,
        keep_events_days=None,
        archive_dir=None,
        traces_url="",
        traces_percent=100,
        pooler="",
        database_url="",
        redis_url="",
        **BOUNDS,
    )


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "TRADEGRAPH_HOST": "0.0.0.0",
            "TRADEGRAPH_PORT": "9000",
            "TRADEGRAPH_DATA_DIR": str(tmp_path),
            "TRADEGRAPH_ADMIN_EMAIL": "Desk@Example.com",
            "TRADEGRAPH_ADMIN_PASSWORD": "correct horse battery",
            "TRADEGRAPH_SECRET": "s" * 32,
            "TRADEGRAPH_FEED": "off",
            "TRADEGRAPH_VENUES": "one=wire:there",
            "TRADEGRAPH_VENUE_ONE_KEY": " k ",
            "TRADEGRAPH_VENUE_ONE_SECRET": "",
            "TRADEGRAPH_DAY_ROLL": "17:00 America/New_York",
            "TRADEGRAPH_LOG": "DEBUG:json",
            "TRADEGRAPH_WEB_PROCESSES": "4",
            "TRADEGRAPH_TASK_LEASE": "30",
            "TRADEGRAPH_QUOTE_AHEAD": "5",
            "TRADEGRAPH_QUOTE_STALE": "120",
            "TRADEGRAPH_DOCUMENTS": f"{tmp_path}, {__file__}",
            "TRADEGRAPH_OPERATIONS": "listed",
            "TRADEGRAPH_ALLOWED_ORIGINS": "https://desk.example, http://localhost:5173",
            "TRADEGRAPH_ALLOWED_HOSTS": "desk.example, *.floor.example",
            "TRADEGRAPH_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
            "TRADEGRAPH_INFLUX_URL": "http://u:pw@influx:8086",
            "TRADEGRAPH_INFLUX_DATABASE": "desk",
            "TRADEGRAPH_INFLUX_TOKEN": "abc",
            "TRADEGRAPH_METRICS_TOKEN": "m" * 32,
            "TRADEGRAPH_ENGINE_METRICS": "127.0.0.1:9464",
            "TRADEGRAPH_WORKER_METRICS": "[::1]:9465",
            "TRADEGRAPH_FIX_ADDRESS": "127.0.0.1:9880",
            "TRADEGRAPH_FIX_COMP_ID": "DESK",
            "TRADEGRAPH_PUBLIC_URL": "https://desk.example/",
            "TRADEGRAPH_NOTIFY_NETWORKS": "10.0.0.25",
            "TRADEGRAPH_KEEP_HISTORY_DAYS": "40",
            "TRADEGRAPH_KEEP_BARS_DAYS": "1100",
            "TRADEGRAPH_KEEP_EVENTS_DAYS": "3000",
            "TRADEGRAPH_ARCHIVE_DIR": "/archive",
            "TRADEGRAPH_TRACES_URL": "http://collector:4318/v1/traces",
            "TRADEGRAPH_TRACES_PERCENT": "5",
            "TRADEGRAPH_POOLER": "transaction",
            "DATABASE_URL": "postgresql://u:pw@db/t",
            "REDIS_URL": "rediss://:pw@cache:6380/1",
            "TRADEGRAPH_REQUESTS_PER_SECOND": "0",
            "TRADEGRAPH_REQUESTS_BURST": "5",
            "TRADEGRAPH_ANONYMOUS_REQUESTS_PER_SECOND": "7",
            "TRADEGRAPH_ANONYMOUS_REQUESTS_BURST": "8",
            "HOME": "/somewhere",
        }
    )
    assert settings == Settings(
        host="0.0.0.0",
        port=9000,
        data_dir=tmp_path,
        admin_email="desk@example.com",
        admin_password="correct horse battery",
        secret="s" * 32,
        feed=FeedSetting("off"),
        venues=(VenueSetting("one", "wire", "there", {"key": "k"}),),
        day_roll=DayRoll(time(17, 0), ZoneInfo("America/New_York")),
        log=LogSetting("debug", "json"),
        web_processes=4,
        requests_per_second=0,
        requests_burst=5,
        anonymous_requests_per_second=7,
        anonymous_requests_burst=8,
        task_lease_seconds=30,
        quote_ahead_seconds=5,
        quote_stale_seconds=120,
        documents=(tmp_path, Path(__file__)),
        operations="listed",
        allowed_origins=("https://desk.example", "http://localhost:5173"),
        allowed_hosts=("desk.example", "*.floor.example"),
        trusted_proxies=("10.0.0.0/8", "192.0.2.1"),
        influx_url="http://u:pw@influx:8086",
        influx_database="desk",
        influx_token="abc",
        metrics_token="m" * 32,
        engine_metrics=Address("127.0.0.1", 9464),
        worker_metrics=Address("::1", 9465),
        fix=Address("127.0.0.1", 9880),
        fix_comp_id="DESK",
        public_url="https://desk.example/",
        notify_networks=("10.0.0.25",),
        keep_history_days=40,
        keep_bars_days=1100,
        keep_events_days=3000,
        archive_dir=Path("/archive"),
        traces_url="http://collector:4318/v1/traces",
        traces_percent=5,
        pooler="transaction",
        database_url="postgresql://u:pw@db/t",
        redis_url="rediss://:pw@cache:6380/1",
        **BOUNDS,
    )


@pytest.mark.parametrize(("speed", "expected"), [("", 1.0), (":10", 10.0), (":0.5", 0.5), (":max", None)])
def test_replay_settings_are_read(tmp_path: Path, speed: str, expected: float | None) -> None:
    path = tmp_path / "with:colon.csv.gz"
    path.write_text("")
    feed = load_settings({"TRADEGRAPH_FEED": f"replay:{path}{speed}"}).feed
    assert feed == FeedSetting("replay", path, expected)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("TRADEGRAPH_HOST", "two words", "must be an address or a host name (it is 'two words')"),
        ("TRADEGRAPH_PORT", "0", "must be a whole number from 1 to 65535 (it is '0')"),
        ("TRADEGRAPH_PORT", "65536", "must be a whole number from 1 to 65535 (it is '65536')"),
        ("TRADEGRAPH_PORT", "eighty", "must be a whole number from 1 to 65535 (it is 'eighty')"),
        ("TRADEGRAPH_PORT", "1e3", "must be a whole number from 1 to 65535 (it is '1e3')"),
        ("TRADEGRAPH_WEB_PROCESSES", "-1", "must be a whole number from 1 to 64 (it is '-1')"),
        (
            "TRADEGRAPH_ALLOWED_ORIGINS",
            "desk.example",
            "must be origins such as https://desk.example, with commas between them (it is 'desk.example')",
        ),
        (
            "TRADEGRAPH_ALLOWED_ORIGINS",
            "https://desk.example/page",
            "must be origins such as https://desk.example, with commas between them (it is 'https://desk.example/page')",
        ),
        ("TRADEGRAPH_DOCUMENTS", "/no/such.json", "there is no file /no/such.json (it is '/no/such.json')"),
        ("TRADEGRAPH_OPERATIONS", "some", "must be any or listed (it is 'some')"),
        ("TRADEGRAPH_ADMIN_PASSWORD", "short", "A password needs at least 12 characters."),
        ("TRADEGRAPH_SECRET", "short", "must have at least 32 characters"),
        ("TRADEGRAPH_FEED", "live", "must be sim, off, replay:FILE[:SPEED], or ccxt:EXCHANGE (it is 'live')"),
        ("TRADEGRAPH_FEED", "replay:", "must be sim, off, replay:FILE[:SPEED], or ccxt:EXCHANGE (it is 'replay:')"),
        ("TRADEGRAPH_FEED", "replay:/no/such", "there is no file /no/such (it is 'replay:/no/such')"),
        ("TRADEGRAPH_FEED", "replay:/no:0", "SPEED must be a positive number or max (it is 'replay:/no:0')"),
        ("TRADEGRAPH_FEED", "replay:/no:-1", "SPEED must be a positive number or max (it is 'replay:/no:-1')"),
        ("TRADEGRAPH_FEED", "replay:/no:inf", "SPEED must be a positive number or max (it is 'replay:/no:inf')"),
        (
            "TRADEGRAPH_VENUES",
            "binance",
            "must be NAME=GATEWAY:TARGET, such as binance=ccxt:binance, with commas between them (it is 'binance')",
        ),
        ("TRADEGRAPH_VENUES", "paper=x:y", "paper is the venue that is always there (it is 'paper=x:y')"),
        (
            "TRADEGRAPH_VENUES",
            "a=x, a-b=x",
            "the name a-b is taken, or begins as another one does (it is 'a=x, a-b=x')",
        ),
        (
            "TRADEGRAPH_VENUES",
            ",".join(f"v{place}z=x" for place in range(17)),
            f"there may be 16 at most (it is '{','.join(f'v{place}z=x' for place in range(17))}')",
        ),
        ("TRADEGRAPH_DAY_ROLL", "17:00", "must be a time and a zone, such as 17:00 America/New_York (it is '17:00')"),
        (
            "TRADEGRAPH_DAY_ROLL",
            "24:00 UTC",
            "must be a time and a zone, such as 17:00 America/New_York (it is '24:00 UTC')",
        ),
        ("TRADEGRAPH_DAY_ROLL", "17:00 Mars/Base", "there is no time zone Mars/Base (it is '17:00 Mars/Base')"),
        ("TRADEGRAPH_DAY_ROLL", "17:00 ../etc", "there is no time zone ../etc (it is '17:00 ../etc')"),
        (
            "TRADEGRAPH_LOG",
            "loud",
            "must be debug, info, warning or error, with :json or :console behind it if need be (it is 'loud')",
        ),
        ("DATABASE_URL", "mysql://u:hunter2@db/t", "must begin with postgresql:// or postgres://"),
        (
            "DATABASE_URL",
            "postgresql://u:hunter/2@db/t",
            "is no address; characters such as : / @ in a password must be written as %3A %2F %40",
        ),
        ("REDIS_URL", "http://:hunter2@cache", "must begin with redis:// or rediss:// or unix://"),
        ("TRADEGRAPH_PRT", "1", "there is no such setting; did you mean TRADEGRAPH_PORT?"),
        ("TRADEGRAPH_XYZZY", "1", "there is no such setting"),
    ],
)
def test_an_invalid_value_is_named(name: str, value: str, problem: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({name: value})
    assert error.value.problems == [f"{name}: {problem}"]


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"TRADEGRAPH_PORT": "x", "TRADEGRAPH_FEED": "y", "TRADEGRAPH_ADMIN_EMAIL": "z"})
    assert [problem.split(":")[0] for problem in error.value.problems] == [
        "TRADEGRAPH_PORT",
        "TRADEGRAPH_ADMIN_EMAIL",
        "TRADEGRAPH_FEED",
    ]


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings({"TRADEGRAPH_PORT": " ", "DATABASE_URL": ""}) == load_settings({})


def test_secrets_are_not_in_the_representation() -> None:
    settings = load_settings(
        {
            "TRADEGRAPH_SECRET": "hunter2" * 5,
            "TRADEGRAPH_ADMIN_PASSWORD": "hunter2 and more",
            "DATABASE_URL": "postgresql://u:hunter2@db/t",
            "REDIS_URL": "redis://:hunter2@cache",
        }
    )
    assert "hunter2" not in repr(settings)
    assert "port=8000" in repr(settings)
    assert settings.environment() == {
        "TRADEGRAPH_SECRET": "hunter2" * 5,
        "TRADEGRAPH_ADMIN_PASSWORD": "hunter2 and more",
        "DATABASE_URL": "postgresql://u:hunter2@db/t",
        "REDIS_URL": "redis://:hunter2@cache",
    }


def test_venue_secrets_are_not_in_the_representation() -> None:
    settings = load_settings({"TRADEGRAPH_VENUES": "one=wire:there", "TRADEGRAPH_VENUE_ONE_SECRET": "hush"})
    assert settings.venues[0].options == {"secret": "hush"}
    assert "hush" not in repr(settings)


def test_variables_of_an_unknown_venue_are_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"TRADEGRAPH_VENUES": "one=wire", "TRADEGRAPH_VENUE_TWO_KEY": "k"})
    assert caught.value.problems == ["TRADEGRAPH_VENUE_TWO_KEY: there is no such setting"]


def test_an_unknown_gateway_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        configure([VenueSetting("one", "wire")], {})
    assert caught.value.problems == ["TRADEGRAPH_VENUES: there is no gateway 'wire' for one; there are: none"]
