"""`make restarts`: how soon the platform is back after its processes were killed; fails beyond what is promised.

python -m tests.restarts [TIMES]
"""

import sys

from tests.platform.conftest import open_folder
from tests.restarts.drill import OURS, SERVERS, drilled

_TIMES = 5
_WEB_PROCESSES = (1, 2)
_WEB_SECONDS = 2.0
_ALL_SECONDS = 10.0


def main(arguments: list[str]) -> int:
    """Kill web, then all five at once, so many times each: with one web process, then with two."""
    times = int(arguments[0]) if arguments else _TIMES
    failed = False
    for web_processes in _WEB_PROCESSES:
        sys.stdout.write(f"web processes: {web_processes}\n")
        with open_folder() as folder, drilled(folder, web_processes) as drill:
            for names, bound in ((("web",), _WEB_SECONDS), ((*OURS, *SERVERS), _ALL_SECONDS)):
                for _ in range(times):
                    restart = drill.kill(*names)
                    failed = failed or restart.seconds > bound
                    sys.stdout.write(
                        f"{' '.join(names)}: ready again after {restart.seconds:.2f} s (promised: {bound:g} s), "
                        f"web had used {restart.web_cpu_seconds:.2f} s of a processor\n"
                    )
                    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
