"""The one failure that the embedded servers raise: expected, and worded for the person at the terminal."""


class EmbeddedError(Exception):
    """A private server cannot be started or stopped; the message says why and what to do, in one line."""
