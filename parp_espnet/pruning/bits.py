"""Mask files without torch: what makes two masks the same, and a file that is always the same."""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMAT = "parp-espnet mask 1"
LARGEST_HEADER = 100_000_000
"""Bytes that safetensors allows for a header."""


def fingerprint(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Hash the structure of a pool, names and shapes: models with equal ones can share masks."""
    lines = [f"{name} {'x'.join(map(str, shape))}\n" for name, shape in sorted(shapes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def identity_of(shapes: Mapping[str, tuple[int, ...]], packed: Mapping[str, bytes]) -> str:
    """SHA-256 of a mask: its names, shapes and bits, eight to a byte; not how it came to be."""
    digest = hashlib.sha256(fingerprint(shapes).encode())
    for _, bits in sorted(packed.items()):
        digest.update(bits)
    return digest.hexdigest()


def with_sorted_metadata(content: bytes) -> bytes:
    """Put the metadata of a safetensors file in order; the library's own order is random."""
    header, data = split(content)
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    # Tensors begin at a multiple of eight bytes, as the library has it.
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, and the bytes of its tensors. Raises `ValueError`."""
    if len(content) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > min(LARGEST_HEADER, len(content) - 8):
        raise ValueError("its header is cut off")
    header = json.loads(content[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("its header is another")
    return header, content[8 + length :]


def mask_identity(path: Path) -> str | None:
    """The `Mask.sha256` of a file; None where it is no mask, or a damaged one. Raises `OSError`."""
    if not _is_mask(path):
        return None
    try:
        header, data = split(path.read_bytes())
        told = json.loads(header.pop("__metadata__")["shapes"])
        shapes = {name: tuple(shape) for name, shape in told.items()}
        ends = [values["data_offsets"][1] for values in header.values()]
        if header.keys() != shapes.keys() or max(ends) != len(data):
            return None
        packed = {name: data[slice(*values["data_offsets"])] for name, values in header.items()}
        return identity_of(shapes, packed)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _is_mask(path: Path) -> bool:
    """Whether a file's header says that it is a mask; a model of gigabytes is not read for that."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        return 0 < length <= LARGEST_HEADER and FORMAT.encode() in file.read(length)
