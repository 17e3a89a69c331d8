"""`tradegraph detect`: score recorded series for anomalies."""

import argparse
import sys
from pathlib import Path

from adapters.series.files import SeriesError, score_folder
from cli.errors import CommandError

EPILOG = """\
exit codes: 0 done, 1 the results cannot be written, 2 the input is wrong; nothing is written then
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "source", type=Path, metavar="IN_DIR", help="folder of CSV files with columns timestamp,value; one series each"
    )
    parser.add_argument(
        "target",
        type=Path,
        metavar="OUT_DIR",
        help="folder for the result files, which have the same names and the columns timestamp,value,anomaly_score",
    )


def run(arguments: argparse.Namespace) -> int:
    """Score every file; a summary goes to standard output."""
    try:
        tally = score_folder(arguments.source, arguments.target)
    except SeriesError as error:
        for problem in error.problems:
            print(f"tradegraph: BAD_USER_INPUT: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        raise CommandError(f"{error.filename or arguments.target}: {error.strerror or error}") from error
    print(f"{tally.files} series, {tally.rows} rows, {tally.alarms} alarms")
    return 0
