"""No process outlives the launcher that started it, even when that one is killed without warning.

The launcher holds the writing end of a pipe and writes nothing; each of its processes reads the other end in a thread,
and the end of the pipe is the end of the launcher.
"""

import os
import signal
import threading
import time

from adapters.settings import LIFELINE_VARIABLE, TURN_VARIABLE

# How long a process may take to stop in order before it is ended.
GRACE_SECONDS = 15.0


def watch_lifeline() -> None:
    """Stop this process when its launcher dies; does nothing for a process that was started by hand."""
    descriptor = os.environ.get(LIFELINE_VARIABLE, "")
    if descriptor.isdecimal():
        threading.Thread(target=_watch, args=(int(descriptor),), name="lifeline", daemon=True).start()


def wait_for_turn() -> bool:
    """Wait, as a spare that has loaded everything, until the launcher needs this process; False when it never will.

    A process that is no spare goes on at once.
    """
    descriptor = os.environ.pop(TURN_VARIABLE, "")
    if not descriptor.isdecimal():
        return True
    with open(int(descriptor), "rb", buffering=0) as turn:
        return turn.read(1) != b""


def _watch(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        return  # The number came from somewhere else and names nothing here.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
