#!/bin/sh
# Runs the tests on each Python from 3.11 to 3.14 that is on this machine, each in an environment of its own.
#
#     requirements/matrix.sh [ARGUMENT OF PYTEST ...]
#
# Says at the end which versions passed, failed, and are not here; fails if one failed or none is here.
set -u
here= failed= missing=
for version in 3.11 3.12 3.13 3.14; do
    python=$(command -v "python$version") || { missing="$missing $version"; continue; }
    "$python" -c 'import ensurepip, ssl, sqlite3, venv' 2>/dev/null || { missing="$missing $version"; continue; }
    echo "== Python $version: $python"
    environment=build/matrix/$version
    if "$python" -m venv "$environment" &&
        "$environment/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes \
            --requirement requirements/dev.lock &&
        "$environment/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation \
            --editable . &&
        "$environment/bin/python" -m pytest --ignore tests/ha --numprocesses "${WORKERS:-2}" --dist worksteal "$@"
    then here="$here $version"; else failed="$failed $version"; fi
done
echo "passed:${here:- none}; failed:${failed:- none}; not here:${missing:- none}"
[ -n "$here" ] && [ -z "$failed" ]
