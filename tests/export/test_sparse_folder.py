"""An experiment in the sparse format: its bits, its tokens, and what its card says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from parp_espnet.export.formats import Options
from parp_espnet.export.read_sparse import read_metadata
from parp_espnet.export.sparse import load_sparse
from parp_espnet.export.sparse_folder import WEIGHTS, write
from parp_espnet.export.trained import Trained, load_trained


@pytest.fixture(scope="module")
def trained(learned: Path) -> Trained:
    return load_trained(learned)


@pytest.mark.parametrize(("dtype", "kept"), [("fp16", np.float16), ("fp32", np.float32)])
def test_the_weights_come_back(trained: Trained, tmp_path: Path, dtype: str, kept: type) -> None:
    said = write(trained, tmp_path, Options(sparse_dtype=dtype))
    found = load_sparse(tmp_path / WEIGHTS)
    expected = {name: tensor.numpy().astype(kept) for name, tensor in trained.weights().items()}
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].tobytes() == tensor.tobytes()
    assert said[0].startswith(f"{WEIGHTS}: {dtype}, ")
    told = read_metadata(tmp_path / WEIGHTS)
    assert told["dtype"] == dtype
    assert told["sparsity"].startswith("0.5")
    assert told["class"] == "HubertForCTC"


def test_what_halves_cost_is_said(trained: Trained, tmp_path: Path) -> None:
    """The tones are learnt so well that it is nothing."""
    said = write(trained, tmp_path, Options())
    assert said[-1].startswith("fp16: ")
    assert "(+0.00 points beside fp32" in said[-1]


def test_the_folder_reads_itself(trained: Trained, tmp_path: Path) -> None:
    """By its own copy of the reader, into what transformers loads."""
    write(trained, tmp_path, Options())
    subprocess.run(
        [sys.executable, "read_sparse.py", WEIGHTS, "model.safetensors"], check=True, cwd=tmp_path
    )
    assert load_file(tmp_path / "model.safetensors").keys() == trained.weights().keys()
    assert json.loads((tmp_path / "config.json").read_text())["vocab_size"] == len(trained.tokens)
    assert "read_sparse" in (tmp_path / "README.md").read_text()
