"""An output that nothing which becomes of it can stop."""

import os
from pathlib import Path

import pytest

from adapters.logs.lossy_output import LossyOutput


def test_writable_output_is_written(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        LossyOutput(stream).write("ü" * 10_000 + "\n")
    assert (tmp_path / "log").read_text() == "ü" * 10_000 + "\n"


def test_output_to_a_full_disk_does_not_fail() -> None:
    with Path("/dev/full").open("w") as stream:
        output = LossyOutput(stream)
        for _ in range(100):
            assert output.write("line\n") == 5
        assert output._lost == 100
    assert not output.isatty()


def test_output_to_a_closed_reader_does_not_fail() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:
        assert LossyOutput(stream).write("line\n") == 5


def test_a_stopped_reader_loses_lines_and_is_told_the_number_afterwards() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(writing, "w") as stream:
        output = LossyOutput(stream, patience_seconds=0.05)
        line = "x" * 1_000 + "\n"
        while not output._lost:
            output.write(line)
        output.write(line)
        while True:
            try:
                os.read(reading, 100_000)
            except BlockingIOError:
                break
        output.write("again\n")
        assert os.read(reading, 100) == b"[2 lines could not be written]\nagain\n"
    os.close(reading)


@pytest.mark.parametrize("text", ["\ud800", ""])
def test_any_text_can_be_written(tmp_path: Path, text: str) -> None:
    with (tmp_path / "log").open("w") as stream:
        assert LossyOutput(stream).write(text) == len(text)
