"""How the garbage collector of a long-running process is set.

Python's default looks at new objects after every 700 allocations, and again and again at all that was made at the start
(schema, plans, caches). At full load that was a quarter of the web process's time, and most of its longest answers.
"""

import gc

# New objects before the young generation is looked at, and how many of those looks an older generation waits for.
_THRESHOLDS = (50_000, 20, 50)


def settle() -> None:
    """Clear what the start left, keep what is alive out of later collections, and collect less often from now on.

    To be called once, when everything that lives as long as the process has been made.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
