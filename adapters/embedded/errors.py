"""The error of the embedded servers, worded for the person at the terminal."""


class EmbeddedError(Exception):
    """A private server cannot be started or stopped; the message gives the reason and a remedy, in one line."""
