"""No process outlives the launcher that started it, even when that one is killed without warning.

The launcher holds the writing end of a pipe and writes nothing; each of its processes reads the other end in a thread,
and the end of the pipe is the end of the launcher.
"""

import os
import signal
import threading
import time

from adapters.settings.loading import LIFELINE_VARIABLE

# How long a process may take to stop in order before it is ended.
GRACE_SECONDS = 15.0


def watch_lifeline() -> None:
    """Stop this process when its launcher dies; does nothing for a process that was started by hand."""
    descriptor = os.environ.get(LIFELINE_VARIABLE, "")
    if descriptor.isdecimal():
        threading.Thread(target=_watch, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _watch(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        return  # The number came from somewhere else and names nothing here.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
