"""Ports for servers that a test starts later."""

import random

from adapters.embedded.ports import is_free

# Below the ports that Linux gives to outgoing connections and to servers that name none: one of those could take a port
# before its server is there.
_FIRST, _LAST = 20_000, 32_000
_chance = random.SystemRandom()


def free_port() -> int:
    """A port of loopback that is free, and that the system gives to nobody by itself."""
    while True:
        port = _chance.randrange(_FIRST, _LAST)
        if is_free(port):
            return port
