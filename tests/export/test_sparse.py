"""Sparse safetensors give back every bit, are near the entropy, and need numpy alone."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load_file

from parp_espnet.bench.sparse import make_model, prune
from parp_espnet.errors import UserError
from parp_espnet.export import read_sparse as reader
from parp_espnet.export.sparse import (
    SMALLEST,
    floor_bytes,
    halved,
    load_sparse,
    save_sparse,
)

BARS = {0.5: 1.08, 0.7: 1.05, 0.8: 1.05, 0.9: 1.05}
WORDS = {"F16": np.uint16, "F32": np.uint32, "F64": np.uint64}


def bits_of(tensors: dict[str, Any]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {
        name: (tensor.dtype.str, tensor.shape, tensor.tobytes()) for name, tensor in tensors.items()
    }


def a_model(sparsity: float = 0.8, dtype: Any = np.float16) -> dict[str, Any]:
    random = np.random.default_rng(0)
    matrix = random.normal(0, 0.05, (300, 128))
    matrix[random.random(matrix.shape) < sparsity] = 0
    return {
        "layer.weight": matrix.astype(dtype),
        "layer.bias": random.normal(0, 1, 128).astype(dtype),
        "extractor.weight": random.normal(0, 1, (64, 5, 64)).astype(dtype),
        "updates": np.array(150),
    }


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_what_is_read_is_what_was_written(tmp_path: Path, dtype: Any) -> None:
    model = a_model(dtype=dtype)
    save_sparse(tmp_path / "model", model, {"mask_sha256": "abc"})
    assert bits_of(load_sparse(tmp_path / "model")) == bits_of(model)
    assert reader.read_metadata(tmp_path / "model")["mask_sha256"] == "abc"


@given(st.sampled_from(sorted(WORDS)), st.data())
def test_any_bits_come_back(tmp_path_factory: pytest.TempPathFactory, name: str, data: Any) -> None:
    """NaN, infinities, -0.0 and numbers below the normal ones are bits as others are."""
    shape = data.draw(arrays.array_shapes(max_dims=3, max_side=40))
    words = data.draw(arrays.arrays(WORDS[name], shape))
    tensor = np.tile(words.view(reader.DTYPES[name]), (40,) + (1,) * (len(shape) - 1))
    path = tmp_path_factory.mktemp("bits") / "model"
    save_sparse(path, {"a": tensor, "b": np.zeros((0, 3), np.float16)})
    assert bits_of(load_sparse(path))["a"] == bits_of({"a": tensor})["a"]


def test_minus_zero_is_not_zero(tmp_path: Path) -> None:
    tensor = np.zeros(4096, np.float16)
    tensor[7] = -0.0
    save_sparse(tmp_path / "model", {"a": tensor})
    assert bits_of(load_sparse(tmp_path / "model")) == bits_of({"a": tensor})


@pytest.mark.parametrize("fill", [0.0, 1.5])
def test_all_zeros_and_none(tmp_path: Path, fill: float) -> None:
    tensor = np.full((64, 64), fill, np.float16)
    save_sparse(tmp_path / "model", {"a": tensor})
    assert bits_of(load_sparse(tmp_path / "model")) == bits_of({"a": tensor})
    assert (tmp_path / "model").stat().st_size < 500


def test_a_file_is_the_same_from_the_same_tensors(tmp_path: Path) -> None:
    model = a_model()
    save_sparse(tmp_path / "a", model)
    save_sparse(tmp_path / "b", dict(reversed(model.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_readers_find_a_safetensors_file(tmp_path: Path) -> None:
    save_sparse(tmp_path / "model", a_model())
    stored = load_file(tmp_path / "model")
    assert set(stored) == {
        "layer.weight:mask", "layer.weight:0", "layer.weight:1", "layer.bias",
        "extractor.weight:0", "extractor.weight:1", "updates",
    }  # fmt: skip
    assert stored["layer.bias"].tobytes() == a_model()["layer.bias"].tobytes()
    flags = np.packbits(a_model()["layer.weight"] != 0, bitorder="little")
    assert reader._inflated(stored["layer.weight:mask"], len(flags)).tobytes() == flags.tobytes()


@pytest.mark.parametrize("sparsity", sorted(BARS))
def test_files_are_near_the_entropy(tmp_path: Path, sparsity: float) -> None:
    """Of random numbers, and of the shipped upstream; the floor of few values is itself too low, so
    that the model at random is not tiny.
    """
    random = np.random.default_rng(0)
    noise = {str(i): random.normal(0, 0.02, (1024, 768)).astype(np.float32) for i in range(3)}
    shipped = make_model("small")
    for model in (prune(shipped, sparsity), cut_smallest(noise, sparsity)):
        rounded = halved(model)
        save_sparse(tmp_path / "model", rounded)
        size = (tmp_path / "model").stat().st_size
        assert size <= BARS[sparsity] * floor_bytes(rounded)
        if sparsity == 0.8 and "0" not in model:
            assert size <= 0.15 * sum(tensor.nbytes for tensor in shipped.values())


def cut_smallest(tensors: dict[str, Any], sparsity: float) -> dict[str, Any]:
    cut = {}
    for name, tensor in tensors.items():
        threshold = np.quantile(np.abs(tensor), sparsity)
        cut[name] = np.where(np.abs(tensor) < threshold, np.float32(0), tensor)
    return cut


def test_the_floor_is_the_entropy() -> None:
    """A coin's toss for each of 64 weights, and a bit for each of the 32 values."""
    tensor = np.zeros(64, np.float16)
    tensor[:16], tensor[16:32] = 1, 2
    assert floor_bytes({"a": tensor}) == pytest.approx((64 + 32) / 8)


def test_fp16_that_would_overflow_is_refused() -> None:
    model = {"a": np.array([1.0, 7e4], np.float32)}
    with pytest.raises(UserError, match=r"a: its largest number is 70000.*--dtype fp32"):
        halved(model)
    with pytest.raises(UserError, match="largest number is nan"):
        halved({"a": np.array([np.nan], np.float32)})


def test_the_reader_needs_numpy_alone(tmp_path: Path) -> None:
    """A copy of it beside the model reads it where there is neither this package nor torch."""
    model = a_model()
    save_sparse(tmp_path / "model.sparse.safetensors", model)
    (tmp_path / "read_sparse.py").write_text(Path(reader.__file__).read_text())
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'safetensors', 'parp_espnet']))\n"
        "sys.path.insert(0, '')\n"
        "from read_sparse import main, read_sparse\n"
        "sys.argv[1:] = ['model.sparse.safetensors', 'dense.safetensors']\n"
        "main()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert bits_of(load_file(tmp_path / "dense.safetensors")) == bits_of(model)
    told = subprocess.run(
        [sys.executable, "read_sparse.py", "model.sparse.safetensors"],
        check=True, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert "layer.weight\tfloat16\t[300, 128]\t0.8" in told.stdout


def test_within_the_package_too_it_needs_no_torch() -> None:
    program = "import sys; import parp_espnet.export.sparse; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def changed(path: Path, change: Any) -> None:
    """Write a file anew with another header, whose checksum still holds."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    packed = json.loads(header["__metadata__"]["packed"])
    change(header, packed)
    header["__metadata__"]["packed"] = json.dumps(packed)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


CHANGES = {
    "kept": lambda header, packed: packed["layer.weight"].update(kept=5),
    "kept_negative": lambda header, packed: packed["layer.weight"].update(kept=-1),
    "shape": lambda header, packed: packed["layer.weight"].update(shape=[300, 127]),
    "huge": lambda header, packed: packed["layer.weight"].update(shape=[10**9, 10**6]),
    "text": lambda header, packed: packed["layer.weight"].update(shape="large"),
    "dtype": lambda header, packed: packed["layer.weight"].update(dtype="BF16"),
    "gone": lambda header, packed: header.pop("layer.weight:0"),
    "offsets": lambda header, packed: header["updates"].update(data_offsets=[0, 10**9]),
    "format": lambda header, packed: header["__metadata__"].update(format="pt"),
    "no_crc": lambda header, packed: header["__metadata__"].pop("crc32"),
}


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_a_contradiction_is_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model"
    save_sparse(path, a_model())
    changed(path, CHANGES[kind])
    with pytest.raises(UserError, match="export it again") as refused:
        load_sparse(path)
    assert "\n" not in str(refused.value)


def refusal(path: Path) -> str:
    """What is said of a file; "" of one that can be read."""
    try:
        load_sparse(path)
    except UserError as refused:
        return str(refused)
    return ""


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    """A bit of the tensors is always noticed; one of the header is, or changes nothing that counts,
    such as a name.
    """
    path = tmp_path / "model"
    save_sparse(path, a_model())
    content = path.read_bytes()
    tensors_begin = 8 + struct.unpack("<Q", content[:8])[0]
    random = np.random.default_rng(0)
    for place in random.integers(len(content), size=40).tolist() + list(range(0, 200, 7)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        said = refusal(path)
        assert "\n" not in said
        assert said or place < tensors_begin
        path.write_bytes(content[:place])
        assert "export it again" in refusal(path)


def test_no_file_and_another_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_sparse(tmp_path / "none")
    (tmp_path / "other").write_bytes(b"something else")
    with pytest.raises(UserError, match="expected sparse safetensors"):
        load_sparse(tmp_path / "other")
    assert SMALLEST > 0
