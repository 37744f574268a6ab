#!/usr/bin/env bash
# torch 2.14.1: an optimizer on a CPU loads the compiler, TorchDynamo, and sympy with it.
#
# `import torch` leaves torch._dynamo alone, and no word of this program is about compiling. An Adam with one step imports it:
# hundreds of modules and more than a second, in every program that trains at all.
#
# Seen: "after import torch: torch._dynamo no, sympy no" and
# "an Adam and one step of it: 894 modules more, in 0.9 s; torch._dynamo yes, sympy yes".
# Exit code 1 says that this has changed.
#
#     findings/adam_loads_the_compiler.sh        needs Python 3.12 or 3.13 and PyPI, 7 GB and some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet torch==2.14.1 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys
import time

import torch

HEAVY = ("torch._dynamo", "sympy")


def told() -> str:
    return ", ".join(f"{name} {'yes' if name in sys.modules else 'no'}" for name in HEAVY)


print(f"after import torch: {told()}")
weights = torch.nn.Parameter(torch.ones(3))
weights.grad = torch.ones(3)
before, begin = len(sys.modules), time.perf_counter()
torch.optim.Adam([weights]).step()
taken = time.perf_counter() - begin
print(f"an Adam and one step of it: {len(sys.modules) - before} modules more, in {taken:.1f} s; {told()}")
sys.exit("torch._dynamo" not in sys.modules)
PYTHON
