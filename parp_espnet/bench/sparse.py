"""A pruned model read from its file: our sparse layout against others, dense ones too.

    python3 -m parp_espnet.bench.sparse WAY SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON. All ways but `dense` store fp16
numbers, and end with dense arrays in memory. `floor_of_dense` is the order-0 entropy of the mask
and of the numbers that are not zero.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, load_file, save_file
from transformers import Wav2Vec2Config, Wav2Vec2Model

from parp_espnet.bench.memory import peak
from parp_espnet.errors import UserError
from parp_espnet.export.sparse import floor_bytes, halved, load_sparse, save_sparse
from parp_espnet.pipeline.shipped import SHIPPED

Tensors = dict[str, NDArray[Any]]
RUNS = 3
SIZES = {
    f"{name}{percent}": (name, percent / 100)
    for name, percent in product(("small", "base"), (50, 70, 80, 90))
}


def make_model(name: str) -> Tensors:
    """The weights of a shipped upstream, or of wav2vec2-base, drawn at random."""
    if name == "small":
        shipped = load_file(SHIPPED / "multi/model.safetensors")
        return {name: tensor.astype(np.float32) for name, tensor in shipped.items()}
    torch.manual_seed(0)
    states = Wav2Vec2Model(Wav2Vec2Config()).state_dict()
    return {name: tensor.numpy() for name, tensor in states.items()}


def prune(tensors: Tensors, sparsity: float) -> Tensors:
    """Set the smallest weights of the layers' matrices to zero, ranked over all of them."""
    pool, parts = [], []
    for name, tensor in tensors.items():
        if "encoder.layers" in name and tensor.ndim == 2:
            pool.append(name)
            parts.append(np.abs(tensor).reshape(-1))
    sizes = np.concatenate(parts)
    count = round(sparsity * len(sizes))
    threshold = np.partition(sizes, count)[count]
    pruned = dict(tensors)
    for name in pool:
        pruned[name] = np.where(np.abs(tensors[name]) < threshold, np.float32(0), tensors[name])
    return pruned


def write_zstd(tensors: Tensors, path: Path) -> None:
    """A whole dense fp16 file through zstd at a level that takes seconds."""
    save_file(tensors, path)
    path.write_bytes(_zstandard().ZstdCompressor(level=9).compress(path.read_bytes()))


def read_zstd(path: Path) -> Tensors:
    """The same, read."""
    return dict(load(_zstandard().ZstdDecompressor().decompress(path.read_bytes())))


def _zstandard() -> Any:
    try:
        import zstandard  # noqa: PLC0415
    except ImportError:
        raise UserError("zstandard is not installed: pip install zstandard") from None
    return zstandard


def write_csr(tensors: Tensors, path: Path) -> None:
    """Matrices with zeros as rows of 16-bit columns and fp16 numbers."""
    rows: Tensors = {}
    for name, tensor in tensors.items():
        if tensor.ndim != 2 or np.all(tensor):
            rows[name] = tensor
            continue
        places = np.nonzero(tensor)
        rows[f"{name}:shape"] = np.array(tensor.shape)
        rows[f"{name}:counts"] = np.count_nonzero(tensor, axis=1).astype(np.uint16)
        rows[f"{name}:columns"] = places[1].astype(np.uint16)
        rows[f"{name}:numbers"] = tensor[places]
    save_file(rows, path)


def read_csr(path: Path) -> Tensors:
    """The same, read."""
    rows = dict(load_file(path))
    for shape_name in list(rows):
        if not shape_name.endswith(":shape"):
            continue
        name = shape_name.removesuffix(":shape")
        shape = rows.pop(shape_name)
        lines = np.repeat(np.arange(shape[0]), rows.pop(f"{name}:counts"))
        tensor = np.zeros(shape, np.float16)
        tensor[lines, rows.pop(f"{name}:columns")] = rows.pop(f"{name}:numbers")
        rows[name] = tensor
    return rows


def read_dense(path: Path) -> Tensors:
    """Safetensors as they are, copied out of the file's pages as the other ways do."""
    return dict(load(path.read_bytes()))


WAYS: dict[str, tuple[Callable[[Tensors, Path], None], Callable[[Path], Tensors]]] = {
    "sparse": (lambda tensors, path: save_sparse(path, tensors), load_sparse),
    "dense": (save_file, read_dense),
    "fp16": (save_file, read_dense),
    "fp16_zstd": (write_zstd, read_zstd),
    "csr": (write_csr, read_csr),
}


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the best `seconds` of reading, and the file's share of dense fp32."""
    torch.set_num_threads(threads)
    name, sparsity = SIZES[size]
    tensors = prune(make_model(name), sparsity)
    dense = sum(tensor.nbytes for tensor in tensors.values())
    if way != "dense":
        tensors = halved(tensors)
    write, read = WAYS[way]
    seconds, extra = [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        write(tensors, path)
        for _ in range(RUNS):
            before, started = peak(reset=True), time.perf_counter()
            read_back = read(path)
            seconds.append(time.perf_counter() - started)
            extra = max(extra, peak() - before)
        written = path.stat().st_size
    for tensor_name, tensor in tensors.items():
        assert read_back[tensor_name].tobytes() == tensor.tobytes(), tensor_name
    return {
        "seconds": min(seconds),
        "extra_bytes": extra,
        "of_dense": written / dense,
        "floor_of_dense": floor_bytes(halved(tensors)) / dense,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
