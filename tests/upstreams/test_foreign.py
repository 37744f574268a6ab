"""Hostile checkpoints, each made for real: all are refused in one line, and nothing in
them runs.
"""

import json
import os
import pickle
import struct
import zipfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import read_json
from parp_espnet.pipeline.config import _load
from parp_espnet.upstreams.foreign import check_native, read_checkpoint
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.weights import load_weights

STATES = {"layer.weight": torch.arange(4096.0), "layer.bias": torch.zeros(3)}
LAYERS = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]"


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch '{self.mark}'",)


def good(file: Path) -> None:
    torch.save(STATES, file)


def payload(file: Path) -> None:
    torch.save({"model": Payload(file.with_name("mark"))}, file)


def bare_pickle(file: Path) -> None:
    file.write_bytes(pickle.dumps(Payload(file.with_name("mark"))))


def truncated(file: Path) -> None:
    good(file)
    file.write_bytes(file.read_bytes()[:-700])


def flipped(file: Path) -> None:
    good(file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 16
    file.write_bytes(content)


def bomb(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        archive.writestr("archive/data/0", bytes(50_000_000))


def overlapping(file: Path) -> None:
    """Two entries of the directory lead to the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data/0", bytes(10_000))
        for number in range(100):
            again = zipfile.ZipInfo(f"archive/data/{number + 1}")
            first = archive.filelist[0]
            again.CRC, again.file_size, again.compress_size = (
                first.CRC,
                first.file_size,
                first.compress_size,
            )
            again.header_offset = first.header_offset
            archive.filelist.append(again)


def inflated(file: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(10**9, 10**3)}, file)


def empty(file: Path) -> None:
    file.touch()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (payload, "loads safely"), (bare_pickle, "loads safely"), (truncated, "loads safely"),
        (flipped, "damaged: .* does not match its checksum"), (bomb, "data.pkl compressed"),
        (overlapping, "members that overlap, of 1010000 bytes"),
        (inflated, r"found one of shape \(1000000000, 1000\)"), (empty, "the file is empty"),
    ],
)  # fmt: skip
def test_refused_in_one_line(tmp_path: Path, make: Callable[[Path], None], says: str) -> None:
    file = tmp_path / "foreign.pt"
    make(file)
    out = str(tmp_path / "out")
    for read in (
        read_checkpoint,
        load_weights,
        load_model_state,
        lambda path: preflight(str(path), Path(out)),
    ):
        with pytest.raises(UserError, match=says) as caught:
            read(file)
        assert len(str(caught.value).splitlines()) == 1
        assert str(file) in str(caught.value)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_what_is_good_is_read(tmp_path: Path, legacy: bool) -> None:
    torch.save(STATES, tmp_path / "good.pt", _use_new_zipfile_serialization=not legacy)
    found = read_checkpoint(tmp_path / "good.pt", mmap=True)
    assert all(torch.equal(found[name], tensor) for name, tensor in STATES.items())
    assert check_native({"model_cfg": {"conv_feature_layers": LAYERS}}, tmp_path) is None


def test_larger_than_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge.pt").open("wb") as file:
        file.truncate(1 << 43)  # sparse: it takes no room
    with pytest.raises(UserError, match=r"has 8192\.0 GiB, more than the .* GiB of memory here"):
        read_checkpoint(tmp_path / "huge.pt")


@pytest.mark.parametrize(
    "layers",
    ["__import__('os').system('touch MARK')", "[(1, 1, 1)] * 10 ** 9", "[(1, 1, 1)] * 99 "
                                                                       "* 99", "[x for x in ()]",
     "[" * 9000, "[(1, 1, 1)", "3", ["no string"]],
    ids=["call", "power", "product", "comprehension", "deep", "unfinished", "number", "list"],
)  # fmt: skip
def test_a_setting_that_s3prl_would_evaluate(tmp_path: Path, layers: object) -> None:
    content = {"model_cfg": {"conv_feature_layers": layers}, "model_weight": {}, "task_cfg": {}}
    torch.save(content, tmp_path / "native.pt")
    with pytest.raises(
        UserError, match=r"conv_feature_layers: expected a list .* do not use this file"
    ):
        preflight(str(tmp_path / "native.pt"), tmp_path / "out")


def safetensors(file: Path, *offsets: tuple[int, int]) -> None:
    header = {
        f"w{index}": {"dtype": "F32", "shape": [(end - begin) // 4], "data_offsets": [begin, end]}
        for index, (begin, end) in enumerate(offsets)
    }
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))


@pytest.mark.parametrize(
    "offsets", [[(0, 8), (4, 16)], [(0, 4096)], [(0, 4)], [(8, 16), (12, 16)], [(0, 16), (0, 16)]]
)
def test_safetensors_with_wrong_offsets(tmp_path: Path, offsets: list[tuple[int, int]]) -> None:
    safetensors(tmp_path / "model.safetensors", (0, 8), (8, 16))
    assert set(load_weights(tmp_path)) == {"w0", "w1"}
    safetensors(tmp_path / "model.safetensors", *offsets)
    with pytest.raises(
        UserError, match=r"model\.safetensors: expected safetensors, found a damaged"
    ) as caught:
        load_weights(tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def growing(form: str) -> str:
    """Ten lines that stand for a thousand million values."""
    lines = (f"a{n}: &a{n} {form.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 10))
    return "\n".join(["a0: &a0 {x: 1}", *lines])


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['touch "
        "mark']", "[" * 20_000, "a: \x00", "a: [1", "a: !!bool x",
        "a: &a [*a]", growing("[{}]"), growing("{{<<: [{}]}}"),
    ],
    ids=["object", "deep", "binary", "unfinished", "scalar", "itself", "aliases", "merges"],
)  # fmt: skip
def test_yaml_that_is_no_plain_yaml(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").write_text(text)
    with pytest.raises(
        UserError, match=r"train\.yaml: cannot read this training configuration"
    ) as caught:
        _load(tmp_path / "train.yaml")
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "mark").exists()
    (tmp_path / "train.yaml").write_text("a: &a [1]\nb: {<<: {c: *a}, d: 2}")
    assert _load(tmp_path / "train.yaml") == {"a": [1], "b": {"c": [1], "d": 2}}


def test_json_that_is_too_deep(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 200_000)
    with pytest.raises(UserError, match="expected JSON"):
        read_json(tmp_path / "deep.json")


def test_the_advice_fits_whose_file_it_is(tmp_path: Path) -> None:
    (tmp_path / "exp/tag/.steps").mkdir(parents=True)
    for path, advice in (
        (tmp_path / "x.pth", "fetch it again"),
        (tmp_path / "exp/tag/x.pth", "run its recipe again"),
    ):
        torch.save({"a": torch.ones(1000)}, path)
        path.write_bytes(path.read_bytes()[:-500])
        with pytest.raises(UserError, match=advice):
            read_checkpoint(path)


@pytest.mark.parametrize(
    ("held", "says"), [(Namespace(lr=1), r"holds a argparse\.Namespace, and reading")]
)
def test_torchs_advice_to_run_a_file_is_not_passed_on(
    tmp_path: Path, held: object, says: str
) -> None:
    torch.save({"args": held}, tmp_path / "fairseq.pt")
    with pytest.raises(UserError, match=says) as caught:
        read_checkpoint(tmp_path / "fairseq.pt")
    assert str(caught.value).isprintable()
    assert "trust" not in str(caught.value)
    assert "weights_only=False" not in str(caught.value)
