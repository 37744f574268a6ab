"""A language pack: one file that makes an upstream, which stays as it was, a recogniser."""

import json
import math
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import yaml

from parp_espnet.bin import export as export_command
from parp_espnet.bin import recognize
from parp_espnet.decoding.platt import AS_THEY_ARE
from parp_espnet.errors import UserError
from parp_espnet.export.formats import Options, export
from parp_espnet.export.pack import CHECKSUM, Pack, is_pack, load_pack
from parp_espnet.export.packed_language import LARGEST_NGRAM, pack_of
from parp_espnet.export.read_sparse import read_sparse
from parp_espnet.export.recogniser import PlainRecogniser, of_experiment
from parp_espnet.export.switching import PackRecogniser
from parp_espnet.export.trained import load_trained
from parp_espnet.files import read_json
from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.recognition.audio import read
from parp_espnet.upstreams.untouched import differing, load_upstream
from tests.export.printed import lines_of, texts

MODEL = "valid.loss.ave.pth"
ROOT = Path(__file__).resolve().parents[2]
PHONES = ["<blank>", "<unk>", *"abdefgijklmnoprstuxθβðɣɲɾʎʝŋ", "tʃ", "<sos/eos>"]
MOST_BYTES = 1_000_000

type Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make_router(make_drawn: Make, make_tested: Callable[[Path, Path], Path]) -> Make:
    """Make a complete experiment that a router would leave: a mask, other norms, a head."""

    def make(kind: str, folder: Path, tokens: list[str] | None = None, **changes: float) -> Path:
        sparsity = changes.get("sparsity", 0.5)
        drawn = make_drawn(kind, folder / "drawn", tokens or (), sparsity, sure=True)
        config = yaml.safe_load((drawn / "config.yaml").read_text())
        config["prune_conf"]["method"] = "router"
        (drawn / "config.yaml").write_text(yaml.safe_dump(config))
        training = read_json(drawn / "training.json") | {"method": "router"}
        (drawn / "training.json").write_text(json.dumps(training))
        states = torch.load(drawn / MODEL, weights_only=True)
        for name in states:
            if name.endswith("final_layer_norm.weight"):
                states[name] *= changes.get("norm", 1.25)
        torch.save(states, drawn / MODEL)
        return make_tested(drawn, folder / "exp")

    return make


@pytest.fixture(scope="module")
def es(make_router: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_router("hubert", tmp_path_factory.mktemp("es"))


@pytest.fixture(scope="module")
def tr(make_router: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the same upstream, with more tokens and fewer weights."""
    folder = tmp_path_factory.mktemp("tr")
    return make_router("hubert", folder, PHONES, sparsity=0.75, norm=0.5)


@pytest.fixture(scope="module")
def pack(es: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of the first, in a folder with its card."""
    folder = tmp_path_factory.mktemp("pack") / "out"
    export(load_trained(es), folder, ["pack"], Options(data=tones))
    return folder / "es.pack"


def upstream_of(experiment: Path) -> Path:
    return experiment.parent / "upstream"


def logprobs(recogniser: PlainRecogniser, tones: Path) -> list[np.ndarray]:
    waves = [read(path) for path in sorted(tones.glob("*.wav"))]
    return [heard.logprobs for wave in waves for heard in recogniser.listen([wave])]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2, group norm", "wavlm", "data2vec", "multi"])
def test_it_has_stage_12s_tokens_in_a_megabyte(
    kind: str, make_router: Make, tones: Path, tmp_path: Path
) -> None:
    trained = load_trained(make_router(kind, tmp_path, PHONES))
    said = export(trained, tmp_path / "out", ["pack"], Options(data=tones))["pack"]
    assert said[1] == "8 of 8 utterances of test have stage 12's tokens"
    path = tmp_path / "out" / "es.pack"
    assert path.stat().st_size < MOST_BYTES
    assert said[0].startswith(f"es.pack: {path.stat().st_size} bytes, ")
    assert is_pack(path)
    assert "--pack FOLDER/LANGUAGE.pack" in (path.parent / "README.md").read_text()
    loaded = load_pack(path)
    upstream = load_upstream(SHIPPED / "multi" if kind == "multi" else tmp_path / "upstream")
    loaded.check_fits(upstream)
    beside = {name for name in loaded.beside if not name.startswith("lm_head")}
    assert beside
    assert all(name.endswith("final_layer_norm.weight") for name in beside)


def test_what_is_read_is_what_was_written(es: Path, pack: Path, tmp_path: Path) -> None:
    made, found = pack_of(load_trained(es)).pack, load_pack(pack)
    assert found.masks.keys() == made.masks.keys()
    assert all(np.array_equal(found.masks[name], made.masks[name]) for name in made.masks)
    assert all(torch.equal(found.beside[name], made.beside[name]) for name in made.beside)
    assert (found.tokens, found.told, found.upstream) == (made.tokens, made.told, made.upstream)
    made.save(tmp_path / "again.pack")
    assert (tmp_path / "again.pack").read_bytes() == pack.read_bytes()
    assert "mask/hubert.encoder.layers.0.attention.k_proj.weight" in read_sparse(pack)
    assert str(es) not in pack.read_bytes().decode(errors="ignore")


def test_languages_are_switched_on_one_upstream(es: Path, tr: Path, tones: Path) -> None:
    """To the bits of each alone, and of the whole model, however often."""
    upstream = load_upstream(upstream_of(es))
    packs = [pack_of(load_trained(experiment)).pack for experiment in (es, tr)]
    alone = [logprobs(PackRecogniser(upstream, one), tones) for one in packs]
    whole = [logprobs(PlainRecogniser(of_experiment(one)), tones) for one in (es, tr)]
    assert not np.array_equal(alone[0][0].shape, alone[1][0].shape)
    recogniser = PackRecogniser(upstream, packs[0])
    for number in (0, 1, 0, 1, 1, 0):
        recogniser.switch(packs[number])
        assert recogniser.tokens == packs[number].tokens
        heard = logprobs(recogniser, tones)
        assert same(heard, alone[number])
        assert same(heard, whole[number])
    assert load_upstream(upstream_of(es)).sha256 == upstream.sha256
    dense = load_upstream(upstream_of(es)).weights
    assert all(torch.equal(dense[name], upstream.weights[name]) for name in dense)


def test_another_upstream(
    pack: Path, es: Path, tones: Path, tmp_path: Path, make_upstream: Callable[..., Path]
) -> None:
    other = make_upstream(tmp_path / "other", "wav2vec2")
    loaded = load_pack(pack)
    upstream = load_upstream(other)
    with pytest.raises(
        UserError, match=r"expected the upstream multi .*found .*other .*give the o"
    ):
        PackRecogniser(upstream, loaded)
    recogniser = PackRecogniser(load_upstream(upstream_of(es)), loaded)
    before = logprobs(recogniser, tones)
    strange = replace(loaded, upstream_sha256=upstream.sha256)
    with pytest.raises(UserError, match="expected the upstream"):
        recogniser.switch(strange)
    assert same(logprobs(recogniser, tones), before)
    config = load_upstream(upstream_of(es)).config
    assert differing(config, config | {"mask_time_prob": 0.3, "layerdrop": 0.1}) == []
    assert differing(config, config | {"hidden_act": "relu"}) == ["hidden_act"]
    odd = replace(loaded, upstream=loaded.upstream | {"hidden_act": "relu"})
    with pytest.raises(UserError, match=r"whose config.json has hidden_act relu, found .*gelu"):
        odd.check_fits(load_upstream(upstream_of(es)))


@pytest.mark.parametrize("part", [0.0, 0.02, 0.3, 0.9, 0.9999])
def test_a_truncated_file(pack: Path, tmp_path: Path, part: float) -> None:
    content = pack.read_bytes()
    cut = tmp_path / "cut.pack"
    cut.write_bytes(content[: int(part * len(content))])
    with pytest.raises(UserError, match=r"cut.pack: expected a language pack, .*export it again"):
        load_pack(cut)


def test_a_damaged_file(pack: Path, tmp_path: Path) -> None:
    """Wherever a bit flips, in the header too."""
    content = pack.read_bytes()
    damaged = tmp_path / "damaged.pack"
    for place in np.linspace(8, len(content) - 1, 150).astype(int):
        changed = bytearray(content)
        changed[place] ^= 1
        damaged.write_bytes(bytes(changed))
        try:
            found = load_pack(damaged)
        except UserError:
            continue
        # A letter of what no reader asks for, or a space.
        whole = load_pack(pack)
        assert found.tokens == whole.tokens
        assert all(np.array_equal(found.masks[name], whole.masks[name]) for name in whole.masks)


def rewritten(pack: Path, other: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A pack that says something else of itself, of which all checksums are right."""
    content = pack.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    told = json.loads(header["__metadata__"]["pack"])
    change(told)
    said = json.dumps(told)
    header["__metadata__"] |= {"pack": said, CHECKSUM: str(zlib.crc32(said.encode()))}
    written = json.dumps(header).encode()
    other.write_bytes(struct.pack("<Q", len(written)) + written + content[8 + length :])
    return other


SEARCH = {
    "name": "x",
    "beam": 12,
    "weights": {},
    "tuned_on": "dev",
    "error_rate": 0.1,
    "ngram": None,
}


@pytest.mark.parametrize(
    "told",
    [
        {"decodings": [SEARCH | {"beam": -4}]},
        {"decodings": [SEARCH | {"beam": math.inf}]},
        {"decodings": [SEARCH | {"calibration": {"slope": -1, "offset": 0}}]},
        {"decodings": [SEARCH | {"calibration": [0.5, 1]}]},
        {"decodings": [SEARCH | {"weights": {"penalty": math.nan}}]},
        {"tokens": "".join(PHONES)},
        {"tokens": [None] * 39},
        {"tokens": ["<blank>"] * 39},
        {"tokens": [f"a{number}\n" for number in range(39)]},
        {"tokens": [f"\x1b[{number}m" for number in range(39)]},
    ],
)
def test_what_no_pack_says(pack: Path, tmp_path: Path, told: dict[str, Any]) -> None:
    other = rewritten(pack, tmp_path / "other.pack", lambda said: said.update(told))
    with pytest.raises(UserError, match=r"other.pack: expected a language pack, .*export it again"):
        load_pack(other)


@pytest.mark.parametrize("config", [{}, {"model_type": "whisper"}, {"hidden_size": 7}])
def test_an_upstream_of_another_kind(
    pack: Path, es: Path, tmp_path: Path, config: dict[str, Any]
) -> None:
    other = rewritten(pack, tmp_path / "other.pack", lambda said: said.update(upstream=config))
    with pytest.raises(UserError, match=r"expected an upstream whose config.json has model_type"):
        load_pack(other).check_fits(pack_of(load_trained(es), "fp32").upstream)


def test_what_is_no_pack(pack: Path, es: Path, tmp_path: Path) -> None:
    (tmp_path / "words.pack").write_text("words")
    with pytest.raises(UserError, match=r"none.pack: no such file"):
        load_pack(tmp_path / "none.pack")
    with pytest.raises(UserError, match="expected a file, found a directory"):
        load_pack(tmp_path)
    for other in (tmp_path / "words.pack", es / "mask.safetensors"):
        assert not is_pack(other)
        with pytest.raises(UserError, match="expected a language pack"):
            load_pack(other)


def changed(experiment: Path, folder: Path, **training: object) -> Path:
    """A copy whose training says something else."""
    shutil.copytree(experiment, folder, symlinks=True)
    said = read_json(folder / "training.json") | training
    (folder / "training.json").write_text(json.dumps(said))
    return folder


def test_what_no_router_has_left(
    es: Path, tested: Path, tmp_path: Path, run_command: Callable[..., tuple[object, str, str]]
) -> None:
    said = (
        "expected an experiment of --method router or lora, which leaves the upstream as it was, "
        "found "
    )
    cases = {
        "parp; export": tested,
        "router-p, which begins with": changed(es, tmp_path / "router-p", method="router-p"),
    }
    for found, experiment in cases.items():
        code, _, error = run_command(
            export_command.main, experiment, tmp_path / "out", "--to", "pack"
        )
        assert code == 2
        assert said + found in error.splitlines()[-1]
        assert not (tmp_path / "out").exists()
    moved = changed(es, tmp_path / "moved")
    states = torch.load(moved / MODEL, weights_only=True)
    for name in states:
        if name.endswith("layers.1.feed_forward.output_dense.weight"):
            states[name] *= 2 / 3
    torch.save(states, moved / MODEL)
    with pytest.raises(UserError, match=r"found others in 1 of .*an average of several"):
        pack_of(load_trained(moved))
    gone = changed(es, tmp_path / "gone")
    (gone / "mask.safetensors").unlink()
    with pytest.raises(UserError, match=r"expected mask.safetensors, found none"):
        pack_of(load_trained(gone))
    other = changed(es, tmp_path / "other", mask_sha256="ab")
    with pytest.raises(UserError, match="expected the mask that training ended with"):
        pack_of(load_trained(other))


def test_cut_is_of_whole_models(
    es: Path, tmp_path: Path, run_command: Callable[..., tuple[object, str, str]]
) -> None:
    words = (es, tmp_path / "out", "--to", "pack", "--cut")
    code, _, error = run_command(export_command.main, *words)
    assert code == 2
    assert "--cut: expected no --to pack" in error


def test_the_command(
    pack: Path,
    es: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
) -> None:
    upstream = upstream_of(es)
    for words in (
        ("--upstream", upstream, "--pack", pack, tones, "--format", "json"),
        (tones, "--format", "json", "--pack", pack, "--upstream", upstream),
    ):
        code, out, _ = run_command(recognize.main, *words)
        assert code == 0
        assert texts(out) == lines_of(es / "decode_greedy/test/text")
    sound = tones / "tone-0.wav"
    for words, said in (
        (("--pack", pack, sound), "expected --upstream beside --pack, found none; it is of multi"),
        (("--upstream", upstream, es, sound), "expected --pack FILE beside it, found none"),
        (("--upstream", tmp_path, "--pack", pack, sound), "no upstream: expected a Hugging Face d"),
        (("--upstream", "multi", "--pack", pack, sound), "expected the upstream multi (sha256 "),
        (("--upstream", upstream, "--pack", tmp_path / "x", sound), "x: no such file"),
        ((pack, sound), "expected a whole model, found a language pack; give it as --pack"),
        ((pack,), "expected a model and recordings, found "),
        ((), "expected a model and recordings, found none"),
        (("--upstream", upstream, "--pack", pack), "es.pack: expected recordings beside it, found"),
        (
            ("--upstream", "mutli", "--pack", pack, sound),
            "--upstream: no such directory; expected one of multi, mono, a directory, found "
            "'mutli'; did you mean 'multi'?",
        ),
        (
            ("--upstream", upstream, "--pack", pack, "--pack", pack, sound),
            "--pack: expected one of",
        ),
        (("--upstream", upstream, "--pack", pack, es, sound), "found a model or a pack; leave one"),
        (
            ("--upstream", upstream, "--pack", pack, pack, sound),
            "expected recordings beside --pack",
        ),
    ):
        code, _, error = run_command(recognize.main, *words)
        assert code == 2
        assert said in error.splitlines()[-1]


def test_the_page_switches_languages_in_one_process(
    make_router: Make, tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Python does what it says, with two packs of the shipped upstream and an mp3."""
    for language, tokens in (("es", PHONES), ("tr", PHONES[:20] + PHONES[-1:])):
        made = pack_of(load_trained(make_router("multi", tmp_path / language, tokens)))
        made.pack.save(tmp_path / f"{language}.pack")
    samples, rate = soundfile.read(tones / "tone-0.wav")
    soundfile.write(tmp_path / "charla.mp3", samples, rate)
    page = (ROOT / "docs/export.md").read_text()
    (script,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(script, "docs/export.md", "exec"), names)
    assert names["phones"][0], "it heard something"
    assert names["recogniser"].tokens == load_pack(Path("tr.pack")).tokens


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected --upstream beside --pack, found none; it is of multi"),
        (["--upstream", "multi"], "expected the upstream multi (sha256 "),
        (["--upstream", "mutli"], "did you mean 'multi'?"),
    ],
)
def test_what_is_wrong_is_said_before_jobs_begin(
    pack: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
    words: list[str],
    said: str,
) -> None:
    out = tmp_path / "out"
    asked = ("--pack", pack, tones / "tone-0.wav", "--nj", "2", "--out", out, *words)
    code, _, error = run_command(recognize.main, *asked)
    assert code == 2
    assert said in error
    assert not (out / ".parp-recognize").exists()


def test_tuned_searches_go_along(
    es: Path,
    tuned: Path,
    tuned_with_lm: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
) -> None:
    """With their n-gram where it is small; what has no room is said."""
    experiment = tmp_path / "exp"
    shutil.copytree(es, experiment, symlinks=True)
    name = "decode_beam4_ngram2"
    shutil.copytree(tuned / name, experiment / name)
    trained = load_trained(experiment)
    said = export(trained, tmp_path / "out", ["pack"], Options(data=tones))["pack"]
    assert said[2].startswith("decodes by default: beam 4, decode_beam4_ngram2.arpa × 0.3")
    words = ("--upstream", upstream_of(es), "--pack", tmp_path / "out/es.pack", tones)
    code, _, error = run_command(recognize.main, *words)
    assert code == 0
    assert "decoding: beam4_ngram2: beam 4, decode_beam4_ngram2.arpa × 0.3" in error
    (packed,) = load_pack(tmp_path / "out/es.pack").decodings
    assert packed.calibration == trained.decodings[0].calibration != AS_THEY_ARE
    (ngram,) = {search.ngram for search in trained.decodings}
    assert ngram is not None
    content = ngram.read_bytes()
    other = "decode_beam4_lm_ngram2"
    shutil.copytree(tuned_with_lm / other, experiment / other)
    try:
        ngram.write_bytes(np.random.default_rng(0).bytes(LARGEST_NGRAM + 1))
        packed = pack_of(load_trained(experiment))
    finally:
        ngram.write_bytes(content)
    assert packed.pack.decodings == ()
    left_out = " ".join(packed.left_out)
    assert f"left out: {name}: its n-gram has " in left_out
    assert f"left out: {other}: ESPnet's language model is no part of a pack" in left_out


def test_a_pack_of_other_tensors(pack: Path, es: Path) -> None:
    """Of a header that somebody has written with care."""
    loaded: Pack = load_pack(pack)
    dense = load_upstream(upstream_of(es)).weights
    name = next(iter(loaded.masks))
    for other in (
        replace(loaded, masks=loaded.masks | {name: np.zeros(3, np.uint8)}),
        replace(loaded, masks=loaded.masks | {"hubert.none": np.zeros(3, np.uint8)}),
        replace(loaded, beside=dict(loaded.beside) | {name: torch.zeros(3)}),
    ):
        with pytest.raises(UserError, match="export it again"):
            other.weights(dense)
