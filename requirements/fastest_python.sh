#!/bin/sh
# Prints the Python to install with: of those that are here, 3.11 or newer and able to make environments, the fastest.
#
# A build with profile-guided optimisation is a fifth to a third faster than one without, and no setting of it says so
# reliably: each candidate runs the same loop, a tenth of a second.
loop='
import timeit

def work():
    table = {}
    for number in range(300):
        table[number] = str(number + 1)
    return sorted(table.values()), [number for number in table if number % 3]

print(round(min(timeit.repeat(work, number=10, repeat=100)) * 1e7))'

for name in python3 /usr/bin/python3 /usr/local/bin/python3 python3.14 python3.13 python3.12 python3.11; do
    python=$(command -v "$name") || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    "$python" -c 'import ensurepip, ssl, sqlite3, venv' 2>/dev/null || continue
    printf '%s %s\n' "$("$python" -c "$loop")" "$python"
done | sort -n | head -1 | cut -d' ' -f2-
