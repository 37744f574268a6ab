"""Every kind of file that others may hand over, damaged at random, in its bytes and in what it
says.

For an hour of it: pytest tests/fuzz --fuzz_seconds 450
"""

import json
import shutil
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from parp_espnet.corpora.layouts import read_items
from parp_espnet.data.check.folder import read_folder
from parp_espnet.data.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.espnet.decode import read_wav_scp
from parp_espnet.pipeline.formatting import format_data
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import Result
from parp_espnet.study.archive import CONTENTS, pack
from parp_espnet.study.collect import read_results
from parp_espnet.study.plan import Study
from parp_espnet.study.unpacking import unpack
from tests.fuzz.conftest import CHANGES, EDITS, LEAVES, ODD, VALUES, Fuzz, changed, edited

QUICK = ROOT / "conf/study/quick.yaml"
TOLD = (
    "format",
    "fingerprint",
    "shapes",
    "sha256",
    "origin",
    "scope",
    "sparsity_target",
    "step",
    "parent",
)


def make_mask(number: int) -> Mask:
    kept = torch.rand(9, 7, generator=torch.Generator().manual_seed(number)) > 0.5
    return Mask({"layers.0.w": kept, "layers.0.b": kept[0].clone()}, "made", 0.5, step=number)


def test_masks(fuzz: Fuzz, tmp_path: Path) -> None:
    file = tmp_path / "mask.safetensors"
    make_mask(1).save(file)
    content, bits = file.read_bytes(), load_file(file)
    with safe_open(file, framework="pt") as opened:
        told = opened.metadata()
    words = VALUES.map(json.dumps) | st.text(max_size=5)
    shapes = st.dictionaries(
        st.sampled_from(["layers.0.w", "layers.0.b", "x"]), st.lists(LEAVES, max_size=3) | LEAVES
    )
    metadata = st.dictionaries(st.sampled_from(TOLD), words, min_size=1, max_size=2)
    metadata |= shapes.map(lambda value: {"shapes": json.dumps(value)})

    def read(drawn: Any) -> None:
        if isinstance(drawn, dict):
            save_file(bits, file, metadata=told | drawn)
        else:
            file.write_bytes(edited(content, drawn))
        mask = Mask.load(file)
        assert 0 <= mask.sparsity <= 1
        mask.save(tmp_path / "again.safetensors")
        assert Mask.load(tmp_path / "again.safetensors").sha256 == mask.sha256

    utf8 = metadata.filter(lambda values: "\ud800" not in "".join(values.values()))
    assert fuzz(EDITS | utf8, read)["refused"]


def test_results(fuzz: Fuzz, tmp_path: Path, make_result: Callable[..., Result]) -> None:
    file = tmp_path / "result.json"
    make_result(scores={"acc": 0.9}, merges={"a": "b"}).write(file)
    content = file.read_bytes()
    whole = json.loads(content)

    def read(drawn: Any) -> None:
        says = isinstance(drawn[0][2], bool)
        file.write_bytes(
            json.dumps(changed(whole, drawn)).encode() if says else edited(content, drawn)
        )
        result = Result.read(file)
        # What is read can be calculated with, and written.
        assert (
            result.error_rate + sum(result.ci95) + sum((result.scores or {}).values()) is not None
        )
        result.write(tmp_path / "again.json")
        assert Result.read(tmp_path / "again.json") == result
        (tmp_path / "results.json").write_text(f"[{file.read_text()}]")
        assert read_results(tmp_path / "results.json") == [result]

    assert fuzz(EDITS | CHANGES, read)["refused"]


@pytest.fixture
def members(tmp_path: Path, make_result: Callable[..., Result]) -> dict[str, bytes]:
    """What is in an archive of two experiments."""
    experiments = Study.read(QUICK).experiments[:2]
    for number, one in enumerate(experiments):
        make_result().write(tmp_path / one.result)
        make_mask(number).save(tmp_path / one.directory / "mask.safetensors")
    pack(experiments, tmp_path, tmp_path / "records.tar.xz")
    with tarfile.open(tmp_path / "records.tar.xz") as tar:
        found = {one.name: (tar.extractfile(one) or BytesIO()).read() for one in tar}
    shutil.rmtree(tmp_path / "egs2")
    return found


def test_archives(fuzz: Fuzz, tmp_path: Path, members: dict[str, bytes]) -> None:
    archive, root = tmp_path / "records.tar.xz", tmp_path / "root"
    packed = archive.read_bytes()
    contents = json.loads(members[CONTENTS])
    names = st.sampled_from(
        [*members, "egs2/run.sh", "/x", "../x", "egs2/x/../../y", "egs2", ".", "a//b", "\udcff"]
    )
    names |= ODD.filter(lambda name: "\ud800" not in name)
    renamed = st.dictionaries(st.integers(0, len(members) - 1), names, max_size=2)

    def read(drawn: Any) -> None:
        kind, value, names = drawn
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        if kind == "bytes":
            archive.write_bytes(edited(packed, value))
        else:
            given = dict(members)
            if kind == "contents":
                given[CONTENTS] = json.dumps(changed(contents, value)).encode()
            elif kind == "member":
                name = sorted(given)[value[0][0] % len(given)]
                given[name] = edited(given[name], value)
            with tarfile.open(archive, "w:xz", preset=0) as tar:
                for number, (name, content) in enumerate(given.items()):
                    member = tarfile.TarInfo(names.get(number, name))
                    member.size = len(content)
                    tar.addfile(member, BytesIO(content))
        before = {path.name for path in tmp_path.iterdir()}
        try:
            unpack(archive, root)
        finally:
            assert {path.name for path in tmp_path.iterdir()} == before
            assert not list(root.rglob("*.sh"))

    tables = st.tuples(st.just("contents"), CHANGES, st.just({}))
    others = st.tuples(st.sampled_from(["bytes", "member"]), EDITS, renamed)
    counts = fuzz(tables | others, read)
    assert counts["read"]
    assert counts["refused"]


def test_data_directories(fuzz: Fuzz, tmp_path: Path) -> None:
    good, data = tmp_path / "good", tmp_path / "data"
    wavs = [good / f"{name}.wav" for name in ("a-1", "b-2")]
    good.mkdir()
    for wav in wavs:
        soundfile.write(wav, 0.1 * np.sin(np.arange(800)), 8000, subtype="PCM_16")
    write_data_dir(
        good, [Utterance(wav.stem, wav.stem[0], "es", str(wav), ("o",), "o", 0.1) for wav in wavs]
    )
    (good / "segments").write_text("a-1 a-1 0 0.05\nb-2 b-2 0.02 0.1\n")
    # The recordings that wav.scp names are those of the damaged directory.
    (good / "wav.scp").write_text("".join(f"{wav.stem} {data / wav.name}\n" for wav in wavs))
    names = sorted(file.name for file in good.iterdir())
    words = ODD.map(lambda text: text.encode(errors="surrogatepass"))
    edits = st.lists(
        st.tuples(st.integers(0, 1 << 20), st.integers(0, 40), words), min_size=1, max_size=3
    )
    plain: list[Callable[[Path], object]] = [read_data_dir, read_folder, read_wav_scp, read_items]
    readers = [*plain, lambda path: format_data(path, tmp_path / "out", "es", 1)]

    def read(drawn: Any) -> None:
        number, edits, gone, reader = drawn
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(good, data)
        file = data / names[number]
        file.write_bytes(edited(file.read_bytes(), edits))
        for other in gone:
            (data / other).unlink(missing_ok=True)
        readers[reader](data)

    gone = st.lists(
        st.sampled_from(["segments", "utt2spk", "utt2lang", "orig_text", "utt2dur"]), max_size=2
    )
    counts = fuzz(
        st.tuples(
            st.integers(0, len(names) - 1), EDITS | edits, gone, st.integers(0, len(readers) - 1)
        ),
        read,
    )
    assert counts["read"]
    assert counts["refused"]


def test_studies(fuzz: Fuzz, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    whole = {
        "recipes": {"es": "egs2/cldr/es", "tr": "egs2/cldr/tr"},
        "options": {"train_minutes": 10, "updates": 150},
        "arms": {
            "omp": {"method": "omp", "sparsity": 0.8},
            "union": {
                "method": "transfer", "sparsity": [0.8], "languages": ["tr"],
                "mask_of": {"arm": "omp", "languages": "all", "combine": "union"},
            },
        },
    }  # fmt: skip
    content = yaml.safe_dump(whole).encode()

    def read(drawn: Any) -> None:
        if isinstance(drawn[0][2], bytes):
            file.write_bytes(edited(content, drawn))
        else:
            text = yaml.safe_dump(changed(whole, drawn), allow_unicode=True)
            file.write_bytes(text.encode(errors="surrogatepass"))
        study = Study.read(file)
        assert study.waves()
        for one in study.experiments:
            assert one.result.parts[0] == "egs2"

    counts = fuzz(EDITS | CHANGES, read)
    assert counts["read"]
    assert counts["refused"]
