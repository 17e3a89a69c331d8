"""The platform beside other servers that do the same job, where the shared folder with them stands beside the checkout.

They are copied into a folder that git ignores, installed there once, and run in turn with the platform by their own
script.
"""

import shutil
import subprocess
import sys
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[1]
_SHARED = _CHECKOUT.parent / "shared" / "peers"
_COPY = _CHECKOUT / "build" / "peers"


def peers_are_there() -> bool:
    """True if the other servers are available."""
    return (_SHARED / "compare.py").exists()


def compare() -> str:
    """The table that the comparison prints: requests per second, and each as a ratio to the first peer's."""
    shutil.copytree(_SHARED, _COPY, dirs_exist_ok=True)
    subprocess.run([_COPY / "setup.sh"], cwd=_COPY, check=True, stdout=sys.stderr)
    python = _COPY / "venv" / "bin" / "python"
    command = [str(python), "compare.py", "--product", str(_CHECKOUT), "--seconds", "3", "--rounds", "3"]
    found = subprocess.run(command, cwd=_COPY, check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout
