"""Imports all that a preflight needs: for a process that forks them.

The last two are what torch and transformers import when a model of transformers is built, and when
it is first called.
"""

import importlib

from parp_espnet.upstreams import preflight

__all__ = ["preflight"]

for name in ("torch.fx.experimental.symbolic_shapes", "torch.distributed.fsdp"):
    importlib.import_module(name)
