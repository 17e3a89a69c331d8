"""The command `tradegraph detect`, from its arguments to its exit code and what it wrote."""

import csv
import os

import pytest

from cli.main import main
from domain.anomalies.streaming.types import ALARM_SCORE
from tests.support.series import PLANTED_AT, at, planted, score_all


def _write(path, rows, header="timestamp,value"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]))


def _rows(values):
    return [f"{at(index).to_datetime():%Y-%m-%d %H:%M:%S},{value!r}" for index, value in enumerate(values.tolist())]


@pytest.fixture
def source(tmp_path):
    return tmp_path / "series"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "scores"


def _detect(source, target):
    return main(["detect", str(source), str(target)])


def test_detect_scores_each_file_as_the_detector_and_keeps_the_input_rows(source, target, capsys):
    values = planted("spike", 1)[: PLANTED_AT + 20]
    _write(source / "a" / "b" / "one.csv", _rows(values))
    _write(source / "two.CSV", _rows(values[:300]))
    _write(source / "notes.txt", ["not a series"])
    assert _detect(source, target) == 0
    expected = [score.score for score in score_all(values)]
    for path, length in (("a/b/one.csv", len(values)), ("two.CSV", 300)):
        with (target / path).open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["timestamp", "value", "anomaly_score"]
        assert [",".join(row[:2]) for row in rows] == _rows(values[:length])
        assert [float(row[2]) for row in rows] == expected[:length]
    alarms = sum(score >= ALARM_SCORE for score in expected) + sum(score >= ALARM_SCORE for score in expected[:300])
    assert capsys.readouterr().out == f"2 series, {len(values) + 300} rows, {alarms} alarms\n"
    assert sorted(path.name for path in target.rglob("*") if path.is_file()) == ["one.csv", "two.CSV"]


def test_columns_are_found_by_name_and_missing_readings_score_zero(source, target):
    rows = [
        "2014-04-01T00:00:00Z,x,1.5",
        "2014-04-01T00:05:00+02:00,x,",
        "2014-04-01,x,NaN",
        "2014-04-01 00:10:00,x,inf",
    ]
    _write(source / "one.csv", rows, "\ufeffTimestamp,note, value")
    assert _detect(source, target) == 0
    assert (target / "one.csv").read_text().splitlines() == [
        "timestamp,value,anomaly_score",
        "2014-04-01T00:00:00Z,1.5,0.0",
        "2014-04-01T00:05:00+02:00,,0.0",
        "2014-04-01,NaN,0.0",
        "2014-04-01 00:10:00,inf,0.0",
    ]


def test_a_file_without_rows_gives_an_empty_result(source, target, capsys):
    _write(source / "one.csv", [])
    assert _detect(source, target) == 0
    assert (target / "one.csv").read_text() == "timestamp,value,anomaly_score\n"
    assert capsys.readouterr().out == "1 series, 0 rows, 0 alarms\n"


def test_earlier_results_are_replaced_and_other_files_are_kept(source, target):
    _write(source / "one.csv", ["2014-04-01 00:00:00,1"])
    _write(target / "one.csv", ["old"])
    _write(target / "other.csv", ["kept"])
    assert _detect(source, target) == 0
    assert (target / "one.csv").read_text() == "timestamp,value,anomaly_score\n2014-04-01 00:00:00,1,0.0\n"
    assert "kept" in (target / "other.csv").read_text()


@pytest.mark.parametrize(
    ("header", "rows", "problems"),
    [
        ("time,value", ["2014-04-01,1"], ["line 1: the header must name the columns timestamp and value, once each"]),
        (
            "timestamp,value,value",
            ["2014-04-01,1,2"],
            ["line 1: the header must name the columns timestamp and value, once each"],
        ),
        (
            "timestamp,value",
            ["2014-04-01,1", "yesterday,2", "2014-04-03,many", "2014-04-04", "2014-04-05,5"],
            [
                "line 3: timestamp 'yesterday' is not an ISO 8601 time",
                "line 4: value 'many' is not a number",
                "line 5: 1 columns, not 2",
            ],
        ),
    ],
)
def test_bad_rows_are_named_and_nothing_is_written(source, target, capsys, header, rows, problems):
    _write(source / "a.csv", ["2014-04-01,1"])
    _write(source / "sub" / "bad.csv", rows, header)
    assert _detect(source, target) == 2
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [f"tradegraph: BAD_USER_INPUT: sub/bad.csv: {problem}" for problem in problems]
    assert printed.out == ""
    assert not target.exists()


def test_only_the_first_of_very_many_bad_rows_are_named(source, target, capsys):
    _write(source / "bad.csv", ["x,y"] * 1_000)
    assert _detect(source, target) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[19] == "tradegraph: BAD_USER_INPUT: bad.csv: line 21: timestamp 'x' is not an ISO 8601 time"
    assert lines[20] == "tradegraph: BAD_USER_INPUT: and maybe more"


def test_a_file_that_is_not_text_is_named(source, target, capsys):
    source.mkdir()
    (source / "bad.csv").write_bytes(b"timestamp,value\n\xff\xfe,1\n")
    (source / "long.csv").write_text(f'timestamp,value\n"{"x" * 200_000}",1\n')
    assert _detect(source, target) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "tradegraph: BAD_USER_INPUT: bad.csv: is not text in UTF-8"
    assert second.startswith("tradegraph: BAD_USER_INPUT: long.csv: is not CSV: ")


def test_earlier_results_are_kept_when_the_input_is_invalid(source, target):
    _write(source / "a.csv", ["2014-04-01,1"])
    _write(source / "bad.csv", ["2014-04-01,x"])
    _write(target / "a.csv", ["earlier"])
    assert _detect(source, target) == 2
    assert "earlier" in (target / "a.csv").read_text()
    assert [path.name for path in target.iterdir()] == ["a.csv"]


def test_unusable_folders_are_refused(source, target, tmp_path, capsys):
    def refusal():
        return capsys.readouterr().err.removeprefix("tradegraph: BAD_USER_INPUT: ").rstrip("\n")

    assert _detect(source, target) == 2
    assert refusal() == f"{source}: there is no such folder"
    source.mkdir()
    assert _detect(source, target) == 2
    assert refusal() == f"{source}: there is no CSV file in it"
    _write(source / "one.csv", ["2014-04-01,1"])
    for place in (source, source / "sub"):
        assert _detect(source, place) == 2
        assert refusal() == f"{place}: the results must not lie among the series under {source}"
    assert _detect(source / "one.csv", target) == 2
    assert refusal() == f"{source / 'one.csv'}: is not a folder"
    (tmp_path / "file").write_text("")
    assert _detect(source, tmp_path / "file") == 2
    assert refusal() == f"{tmp_path / 'file'}: is not a folder"
    assert not target.exists()


def test_unwritable_results_give_exit_code_1(source, tmp_path, capsys):
    _write(source / "one.csv", ["2014-04-01,1"])
    (tmp_path / "file").write_text("")
    assert _detect(source, tmp_path / "file" / "scores") == 1
    assert capsys.readouterr().err == f"tradegraph: {tmp_path / 'file' / 'scores'}: {os.strerror(20)}\n"
