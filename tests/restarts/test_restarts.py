"""However often a process is killed, the next one is there at once; all five at once come back by themselves.

The seconds that it takes depend on what else the machine does: `make restarts` measures them. Its cost does not.
"""

from tests.platform.conftest import open_folder
from tests.restarts.drill import OURS, SERVERS, drilled

# To load the platform takes a web process more than three.
_CPU_SECONDS = 1.5


def test_killed_processes_return_at_once_without_loading_their_code_again() -> None:
    with open_folder() as folder, drilled(folder) as drill:
        for _ in range(3):
            assert drill.kill("web").web_cpu_seconds < _CPU_SECONDS
        assert drill.kill("engine", "worker").seconds > 0
        assert drill.kill(*OURS, *SERVERS).web_cpu_seconds < _CPU_SECONDS
        assert drill.kill(*OURS, *SERVERS).web_cpu_seconds < _CPU_SECONDS
