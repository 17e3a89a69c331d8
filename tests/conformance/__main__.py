"""`python -m tests.conformance`: the audits, with what they print; what cannot be run is a failure, not skipped."""

import os
import sys
from pathlib import Path

import pytest

os.environ["CONFORMANCE"] = "required"
sys.exit(pytest.main(["--capture=no", "--quiet", "--no-header", str(Path(__file__).parent), *sys.argv[1:]]))
