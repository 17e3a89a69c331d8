"""`tradegraph completion`."""

import argparse

from argcomplete.shell_integration import shellcode

from tradegraph_command.connection import DONE

_SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=_SHELLS, help='put `eval "$(tradegraph completion bash)"` into ~/.bashrc')


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    print(shellcode(["tradegraph"], shell=arguments.shell))
    return DONE
