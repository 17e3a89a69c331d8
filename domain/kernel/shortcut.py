"""Shortcuts that are tried less and less often while they come to nothing."""

# Uses of the long way, at most, between two tries of the short one.
_MOST_APART = 32


class Shortcut:
    """Counts how often a short way came to nothing; then the long way is taken at once, for twice as long each time."""

    def __init__(self) -> None:
        self._apart = self._left = 0

    def is_due(self) -> bool:
        """True if the short way is to be tried now."""
        self._left -= 1
        return self._left < 0

    def was(self, *, of_use: bool) -> None:
        """Note what a try has come to."""
        self._apart = 0 if of_use else min(max(1, 2 * self._apart), _MOST_APART)
        self._left = self._apart
