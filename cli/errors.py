"""How a command fails: one clear line on stderr and an exit code, never a traceback for what can be expected."""


class CommandError(Exception):
    """The command cannot do what was asked; the message is one line for the person at the terminal."""
