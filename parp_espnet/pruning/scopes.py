"""Within what weights are ranked against each other."""

import re
from collections.abc import Mapping

SCOPES = ("global", "layer", "tensor")
"""The whole pool, a Transformer layer, a tensor."""

_LAYER = re.compile(r"^(.*?\blayers?\.\d+)\.")


def parts[T](pool: Mapping[str, T], scope: str) -> list[dict[str, T]]:
    """Divide a pool into what is ranked together. Tensors that belong to no layer are a part of their own."""
    found: dict[str, dict[str, T]] = {}
    for name, tensor in pool.items():
        layer = _LAYER.match(name)
        key = {"global": "", "layer": layer.group(1) if layer else name, "tensor": name}[scope]
        found.setdefault(key, {})[name] = tensor
    return list(found.values())
