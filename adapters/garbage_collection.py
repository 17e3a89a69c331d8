"""The garbage collector's settings of a long-running process.

Python's default collects new objects after every 700 allocations, and scans again and again all objects made at the
start (schema, plans, caches). At full load that took a quarter of the web process's time, and caused most of its
longest answers.
"""

import gc

# New objects before the young generation is looked at, and how many of those looks an older generation waits for.
_THRESHOLDS = (50_000, 20, 50)


def settle() -> None:
    """Collect once, exclude live objects from later collections, and collect less often from now on.

    Call it once, when everything that lives as long as the process has been made.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
