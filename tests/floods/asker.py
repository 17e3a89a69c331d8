"""Somebody who asks all the time, in a process of its own: the attackers' work must not be counted as the server's.

Prints a line for each answer: the seconds that it took, connections included, and the memory and processor time of the
server, of all its processes together. A connection that had to give way to others is made again.

python -m tests.floods.asker HOST PORT PID, with the Authorization header as the first line of standard input
"""

import http.client
import json
import sys
import time

import psutil

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01
_BODY = json.dumps({"query": "{ accounts { id } }"})


def _ask(host: str, port: int, headers: dict[str, str]) -> object | None:
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("POST", "/graphql", _BODY, headers)
        response = connection.getresponse()
        return json.load(response) if response.status == http.HTTPStatus.OK else None
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def main(host: str, port: str, pid: str) -> None:
    """Ask until killed; end when an answer is not the right one."""
    headers = {"content-type": "application/json", "authorization": sys.stdin.readline().strip(), "connection": "close"}
    server = psutil.Process(int(pid))
    processes = [server, *server.children(recursive=True)]
    while True:
        began = time.monotonic()
        answer = None
        while answer is None:
            answer = _ask(host, int(port), headers)
        seconds = time.monotonic() - began
        assert answer == {"data": {"accounts": []}}, answer
        memory = sum(process.memory_info().rss for process in processes)
        used = sum(used.user + used.system for used in (process.cpu_times() for process in processes))
        sys.stdout.write(f"{seconds} {memory} {used}\n")
        sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
