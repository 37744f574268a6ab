"""Write sparse safetensors: a bit a weight, and the weights that are not zero in compressed byte
planes.

The layout is docs/sparse_format.md; `read_sparse` reads it, with the standard library and numpy
alone.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.export.halves import need_half_holds
from parp_espnet.export.read_sparse import DTYPES, FORMAT, MASK, read_sparse
from parp_espnet.files import atomic_write, need_file

Array = NDArray[Any]

SMALLEST = 2048
"""Bytes from which a tensor is packed: below, the names of its streams cost what they save."""

TRIED = 1 << 16
STRATEGIES = (zlib.Z_HUFFMAN_ONLY, zlib.Z_DEFAULT_STRATEGY)
_NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def save_sparse(
    path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors, losslessly, whatever bits they have; -0.0 is not zero.

    Args:
        metadata: more that the file says of itself, such as the mask's hash.

    Raises `UserError` where the disk is full or may not be written.
    """
    streams: dict[str, Array] = {}
    packed: dict[str, Any] = {}
    for name, tensor in sorted(tensors.items()):
        if tensor.nbytes < SMALLEST:
            streams[name] = tensor
            continue
        packed[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape)}
        packed[name]["kept"] = _pack(name, tensor, streams)
    told = dict(metadata or {}) | {"format": FORMAT, "packed": _json(packed)}
    with atomic_write(path) as temporary:
        temporary.write_bytes(_file(streams, told))


def load_sparse(path: Path) -> dict[str, Array]:
    """Read a file as `read_sparse` does. Raises `UserError` where there is none, or a damaged
    one.
    """
    need_file(path)
    try:
        return read_sparse(path)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: expected sparse safetensors ({FORMAT!r}): {error}; export it again"
        ) from None


def halved(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors with floats of four bytes rounded to two.

    Raises `UserError` where a number is too large for two bytes.
    """
    rounded = {}
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32:
            rounded[name] = tensor
            continue
        need_half_holds(name, tensor, "give --dtype fp32")
        rounded[name] = tensor.astype(np.float16)
    return rounded


def floor_bytes(tensors: Mapping[str, Array]) -> float:
    """Return the order-0 entropy of the mask and of the values that are not zero, in bytes.

    The mask's is that of a coin for every weight of the tensors that have zeros, the values' that
    of one table of all values of a type. No code of single weights and values is shorter.
    """
    flags, kept = 0, 0
    words: dict[int, list[Array]] = {}
    for tensor in tensors.values():
        values = _words(tensor)
        not_zero = values[values != 0]
        if len(not_zero) < len(values):
            flags += len(values)
            kept += len(not_zero)
        words.setdefault(values.dtype.itemsize, []).append(not_zero)
    bits = _entropy(np.array([kept, flags - kept]))
    for rows in words.values():
        _, counts = np.unique(np.concatenate(rows), return_counts=True)
        bits += _entropy(counts)
    return bits / 8


def _entropy(counts: Array) -> float:
    """The bits that so many symbols of each kind need."""
    counts = counts[counts > 0].astype(np.float64)
    return float((counts * np.log2(counts.sum() / counts)).sum())


def _pack(name: str, tensor: Array, streams: dict[str, Array]) -> int:
    """Add a tensor's streams to the others; return how many of its weights are not zero."""
    words = _words(tensor)
    flags = words != 0
    kept = int(np.count_nonzero(flags))
    if kept < len(words):
        streams[name + MASK] = _deflated(np.packbits(flags, bitorder="little"))
        words = words[flags]
    planes = words.view(np.uint8).reshape(kept, words.dtype.itemsize)
    for number in range(words.dtype.itemsize):
        streams[f"{name}:{number}"] = _deflated(np.ascontiguousarray(planes[:, number]))
    return kept


def _words(tensor: Array) -> Array:
    """A tensor's numbers as bits, in a row."""
    row = np.ascontiguousarray(tensor).reshape(-1)
    return row.view(f"<u{tensor.dtype.itemsize}")


def _deflated(stream: Array) -> Array:
    """A stream as zlib makes it shortest, or itself where that is not shorter."""
    data = stream.tobytes()
    # Bytes of weights repeat by chance alone, so that Huffman's code is all that helps; a mask of
    # whole rows or columns does repeat. A part tells which of both it is, in a tenth of the time.
    middle = data[len(data) // 2 :][:TRIED]
    strategy = min(STRATEGIES, key=lambda strategy: len(_zlib(middle, strategy)))
    made = _zlib(data, strategy)
    return np.frombuffer(made, np.uint8) if len(made) < len(data) else stream


def _zlib(data: bytes, strategy: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return deflate.compress(data) + deflate.flush()


def _file(streams: Mapping[str, Array], metadata: dict[str, str]) -> bytes:
    """A safetensors file, the same bytes from the same tensors."""
    data = b"".join(np.ascontiguousarray(stream).tobytes() for stream in streams.values())
    metadata = metadata | {"crc32": str(zlib.crc32(data))}
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    begin = 0
    for name, stream in streams.items():
        end = begin + stream.nbytes
        header[name] = {
            "dtype": _NAMES[stream.dtype],
            "shape": list(stream.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = _json(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
