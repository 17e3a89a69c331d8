"""Files of readings (``timestamp,value``) scored into files of the same names with a column more.

The header names the columns, in any order; others are left out. A time is ISO 8601 (UTC where it names no offset).
An empty value, ``nan`` or an infinity is a missing reading: it gets score 0. Times and values keep their text.
"""

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.anomalies.streaming.detector import StreamDetector
from domain.anomalies.streaming.types import ALARM_SCORE
from domain.kernel.time import Nanos

OUTPUT_HEADER = ("timestamp", "value", "anomaly_score")
MAX_PROBLEMS = 20
MAX_SHOWN_CHARACTERS = 40


class SeriesError(Exception):
    """Faults of the input, one line for each of ``problems``; nothing was written."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True)
class Reading:
    """One row: its texts as in the file, and their values."""

    time_text: str
    value_text: str
    at: Nanos
    value: float


@dataclass(slots=True)
class TransferTally:
    """The work done, and the problems found."""

    files: int = 0
    rows: int = 0
    alarms: int = 0
    problems: list[str] = field(default_factory=list)


def score_folder(source: Path, target: Path) -> TransferTally:
    """Score every CSV file under ``source`` into the file of the same relative path under ``target``.

    Each file is one series with a detector of its own. All files are read and scored before the first result is put in
    its place, so that nothing is written when anything is wrong. Other files under ``target`` stay.

    Raises:
        SeriesError: a folder cannot be used, there is no CSV file, or rows are not readings.
        OSError: the results cannot be written.
    """
    paths = _find(source, target)
    made = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=target, prefix=".unfinished-") as name:
            tally = _score_all(source, paths, Path(name))
            if tally.problems:
                raise SeriesError(*tally.problems)
            for path in paths:
                place = target / path
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(name) / path, place)
    except BaseException:
        if made and not any(target.iterdir()):
            target.rmdir()
        raise
    return tally


def _find(source: Path, target: Path) -> list[Path]:
    if not source.is_dir():
        raise SeriesError(f"{source}: {'is not a folder' if source.exists() else 'there is no such folder'}")
    if target.exists() and not target.is_dir():
        raise SeriesError(f"{target}: is not a folder")
    if target.resolve().is_relative_to(source.resolve()):
        raise SeriesError(f"{target}: the results must not lie among the series under {source}")
    paths = sorted(
        path.relative_to(source) for path in source.rglob("*") if path.suffix.lower() == ".csv" and path.is_file()
    )
    if not paths:
        raise SeriesError(f"{source}: there is no CSV file in it")
    return paths


def _score_all(source: Path, paths: list[Path], target: Path) -> TransferTally:
    tally = TransferTally()
    for path in paths:
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)

        def complain(problem: str, path: Path = path) -> None:
            tally.problems.append(f"{path}: {problem}")

        try:
            _score(source / path, place, tally, complain)
        except UnicodeDecodeError:
            complain("is not text in UTF-8")
        except csv.Error as error:
            complain(f"is not CSV: {error}")
        except OSError as error:
            if not _concerns(error, source):
                raise
            complain(f"cannot be read: {error.strerror}")
        if len(tally.problems) >= MAX_PROBLEMS:
            tally.problems[MAX_PROBLEMS:] = ["and maybe more"]
            break
        tally.files += 1
    return tally


def _concerns(error: OSError, source: Path) -> bool:
    return error.filename is not None and Path(os.fsdecode(error.filename)).is_relative_to(source)


def _score(path: Path, place: Path, tally: TransferTally, complain: Callable[[str], None]) -> None:
    detector = StreamDetector()
    with path.open(encoding="utf-8-sig", newline="") as read, place.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(OUTPUT_HEADER)
        for reading in _readings(read, complain):
            score = detector.update(reading.at, reading.value).score
            writer.writerow((reading.time_text, reading.value_text, repr(score)))
            tally.rows += 1
            tally.alarms += score >= ALARM_SCORE


def _readings(lines: Iterator[str], complain: Callable[[str], None]) -> Iterator[Reading]:
    """The rows that are readings; ``complain`` gets the first others, by their lines."""
    rows = csv.reader(lines)
    header = [name.strip().lower() for name in next(rows, [])]
    if header.count("timestamp") != 1 or header.count("value") != 1:
        complain("line 1: the header must name the columns timestamp and value, once each")
        return
    time_column, value_column = header.index("timestamp"), header.index("value")
    complaints = 0
    for row in rows:
        if not row:
            continue
        try:
            if len(row) != len(header):
                raise ValueError(f"{len(row)} columns, not {len(header)}")
            time_text, value_text = row[time_column].strip(), row[value_column].strip()
            yield Reading(time_text, value_text, _time(time_text), _number(value_text))
        except ValueError as error:
            complain(f"line {rows.line_num}: {error}")
            complaints += 1
            if complaints == MAX_PROBLEMS:
                return


def _time(text: str) -> Nanos:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"timestamp {_shown(text)} is not an ISO 8601 time") from None
    return Nanos.of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _number(text: str) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        raise ValueError(f"value {_shown(text)} is not a number") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…")
