#!/usr/bin/env bash
# typeguard 4.6.0: @typechecked reads and parses the whole module once for each function that it decorates.
#
# The decorator finds a function's source by parsing the file that the function is in, every time. A module of n
# functions is parsed n times when it is imported, so the time grows with the square of its length: a library whose every
# function is decorated (ESPnet is one) spends seconds of each start on it, before anything is checked.
#
# Seen: "50 functions: 50 parses, 93 ms", "200 functions: 200 parses, 500 ms", "800 functions: 800 parses, 10820 ms"
# (times of one machine).
# Exit code 1 says that this has changed.
#
#     findings/typeguard_reads_a_module_again.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet typeguard==4.6.0
venv/bin/python - <<'PYTHON'
import ast
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, ".")
parse, parses = ast.parse, []
ast.parse = lambda *words, **more: parses.append(1) or parse(*words, **more)
for count in (50, 200, 800):
    functions = "".join(f"@typechecked\ndef f{n}(x: int) -> int:\n    return x + {n}\n\n" for n in range(count))
    Path(f"of{count}.py").write_text("from typeguard import typechecked\n\n" + functions)
changed = False
for count in (50, 200, 800):
    parses.clear()
    begin = time.perf_counter()
    importlib.import_module(f"of{count}")
    print(f"{count} functions: {len(parses)} parses, {1000 * (time.perf_counter() - begin):.0f} ms")
    changed = changed or len(parses) < count
sys.exit(changed)
PYTHON
