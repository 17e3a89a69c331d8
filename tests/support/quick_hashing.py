"""`tradegraph` with the least hashing that argon2 allows, for tests that sign in a hundred times."""

import sys
from functools import partial

from pwdlib.hashers.argon2 import Argon2Hasher

from cli.main import main
from domain.access import password_hashing

if __name__ == "__main__":
    quick = partial(Argon2Hasher, time_cost=1, memory_cost=8, parallelism=1)
    password_hashing.Argon2Hasher = quick  # type: ignore[assignment, misc]  # only this process hashes so little
    sys.exit(main())
