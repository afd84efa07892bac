#!/bin/sh
# Runs a Python that is new enough with the arguments given: $PYTHON when set, else the first that fits.
# The environment's own stands first, so that an environment stays with the version it was built for.
set -u
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if [ -n "${PYTHON:-}" ]; then
    "$PYTHON" -c "$new_enough" </dev/null 2>/dev/null && exec "$PYTHON" "$@"
    echo "interlock: PYTHON=$PYTHON does not run or is older than 3.11; name another one" >&2
    exit 1
fi
for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c "$new_enough" </dev/null 2>/dev/null && exec "$candidate" "$@"
done
echo "interlock: no Python 3.11 or newer found; install one, or name it: make setup PYTHON=/path/to/python" >&2
exit 1
