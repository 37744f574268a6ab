"""Read sparse safetensors (docs/sparse_format.md) with the standard library and numpy alone.

    python read_sparse.py model.sparse.safetensors [DENSE.safetensors]

tells what is in a file, or writes it as the ordinary safetensors that it stands for. The module
imports nothing else of this package, so that a copy of it can lie beside the file that it reads.
"""

import json
import struct
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "parp-espnet sparse 1"
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""Types of safetensors, as numpy calls them."""

MASK = ":mask"
LARGEST_HEADER = 100_000_000
MOST_INFLATED = 1100
"""How many times its length zlib can make of a stream, at most (1032, and what a block costs)."""

Array = NDArray[Any]


def read_sparse(path: str | Path) -> dict[str, Array]:
    """Return all tensors, bit for bit, of the types in which they were stored.

    Raises `ValueError` in one line where the file is another or is damaged, `OSError` where it
    cannot be read.
    """
    with Path(path).open("rb") as file:
        content = file.read()
    try:
        return _tensors(content)
    except (KeyError, TypeError, AttributeError, struct.error, zlib.error) as error:
        raise ValueError(f"it is damaged ({type(error).__name__}: {error})") from None


def read_metadata(path: str | Path) -> dict[str, str]:
    """Return what a file says of itself. Raises `ValueError`, `OSError` as `read_sparse`."""
    with Path(path).open("rb") as file:
        header, _ = _header(file.read())
    return dict(header["__metadata__"])


def _tensors(content: bytes) -> dict[str, Array]:
    header, data = _header(content)
    metadata = header.pop("__metadata__")
    if int(metadata["crc32"]) != zlib.crc32(data):
        raise ValueError("it is damaged (its bytes do not match their checksum)")
    stored = {name: _stored(entry, data) for name, entry in header.items()}
    tensors = {}
    for name, entry in json.loads(metadata["packed"]).items():
        tensors[name] = _unpacked(name, entry, stored)
    for name, tensor in stored.items():
        tensors[name] = tensor
    return tensors


def _header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header of a safetensors file of this layout, and the bytes of its tensors."""
    if len(content) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > min(LARGEST_HEADER, len(content) - 8):
        raise ValueError("its header is cut off, or it is no safetensors file")
    header = json.loads(content[8 : 8 + length])
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ValueError(f"expected {FORMAT!r} as format in its metadata, found something else")
    return header, memoryview(content)[8 + length :]


def _stored(entry: Mapping[str, Any], data: memoryview) -> Array:
    """A tensor as safetensors has it."""
    begin, end = entry["data_offsets"]
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    if not 0 <= begin <= end <= len(data) or end - begin != _count(shape) * dtype.itemsize:
        raise ValueError("it is damaged (a tensor has other bytes than its shape)")
    return np.frombuffer(data[begin:end], dtype).reshape(shape).copy()


def _unpacked(name: str, entry: Mapping[str, Any], stored: dict[str, Array]) -> Array:
    """Take a tensor's streams out of `stored`, and return the tensor."""
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    total, kept = _count(shape), int(entry["kept"])
    word = np.dtype(f"<u{dtype.itemsize}")
    words = np.zeros(kept, word)
    for number in range(dtype.itemsize):
        plane = _inflated(stored.pop(f"{name}:{number}"), kept).astype(word)
        plane <<= word.type(8 * number)
        words |= plane
    if kept == total:
        return words.view(dtype).reshape(shape)
    bits = _inflated(stored.pop(name + MASK), (total + 7) // 8)
    flags = np.unpackbits(bits, count=total, bitorder="little").view(np.bool_)
    # Several times faster than flags as an index.
    places = np.flatnonzero(flags)
    if len(places) != kept:
        raise ValueError(f"it is damaged ({name}: its mask keeps another number of weights)")
    tensor = np.zeros(total, word)
    tensor[places] = words
    return tensor.view(dtype).reshape(shape)


def _inflated(stream: Array, length: int) -> NDArray[np.uint8]:
    """The bytes of a stream: itself where it is as long as them, else what zlib makes of it."""
    if stream.dtype != np.uint8 or stream.ndim != 1 or length < 0:
        raise ValueError("it is damaged (a stream is no row of bytes)")
    if len(stream) == length:
        return stream
    if length > MOST_INFLATED * len(stream):
        raise ValueError("it is damaged (a stream is too short for its tensor)")
    inflate = zlib.decompressobj()
    found = inflate.decompress(stream.tobytes(), length + 1)
    if len(found) != length or not inflate.eof or inflate.unused_data:
        raise ValueError("it is damaged (a stream has another length than its tensor)")
    return np.frombuffer(found, np.uint8)


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        if type(size) is not int or size < 0:
            raise ValueError("it is damaged (a shape is none)")
        total *= size
    return total


def write_dense(path: str | Path, tensors: Mapping[str, Array]) -> None:
    """Write tensors as an ordinary safetensors file, such as `transformers` loads."""
    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for name, tensor in tensors.items():
        end = begin + tensor.nbytes
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with Path(path).open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())


def main() -> None:
    """Print a line for each tensor, or write the dense file."""
    if len(sys.argv) not in (2, 3):
        sys.exit((__doc__ or "").strip())
    try:
        tensors = read_sparse(sys.argv[1])
    except (ValueError, OSError) as error:
        sys.exit(f"error: {sys.argv[1]}: {error}")
    if len(sys.argv) == 3:
        write_dense(sys.argv[2], tensors)
        return
    for name, tensor in tensors.items():
        zeros = 1 - np.count_nonzero(tensor) / max(1, tensor.size)
        print(f"{name}\t{tensor.dtype}\t{list(tensor.shape)}\t{zeros:.4f} zeros")


if __name__ == "__main__":
    main()
