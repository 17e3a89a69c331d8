"""Failures of commands: one clear line on stderr and an exit code, never a traceback for an expected failure."""


class CommandError(Exception):
    """The command failed; the message is one line for the person at the terminal."""
