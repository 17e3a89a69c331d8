"""Shortcuts: optimistic ways that are tried less and less often while they fail, and never given up.

An exponential back-off that counts uses, not time.
"""

# Between two tries of the short way the long one is taken this often at most.
_MAX_SKIPPED = 32


class Shortcut:
    """Decides when the short way is tried: each failure in a row doubles the uses of the long way before the next."""

    def __init__(self) -> None:
        self._to_skip = self._left = 0

    def is_due(self) -> bool:
        """True if the short way is to be tried now."""
        self._left -= 1
        return self._left < 0

    def note(self, *, worked: bool) -> None:
        """Note how a try ended."""
        self._to_skip = 0 if worked else min(max(1, 2 * self._to_skip), _MAX_SKIPPED)
        self._left = self._to_skip
