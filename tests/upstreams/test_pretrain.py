"""Pretraining on real synthetic speech, small: what it masks and batches, and that an interruption
changes no bit.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.errors import UserError
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.pretrain import targets
from parp_espnet.upstreams.pretrain.augment import Disturbances, disturb
from parp_espnet.upstreams.pretrain.config import Iteration, PretrainConfig, read_config
from parp_espnet.upstreams.pretrain.export import export
from parp_espnet.upstreams.pretrain.model import draw_mask
from parp_espnet.upstreams.pretrain.speech import (
    batches,
    load_speech,
    make_speech,
    sets_of,
)
from parp_espnet.upstreams.pretrain.train import pretrain

RECIPE = Path(__file__).parents[2] / "egs2" / "cldr" / "ssl1"
TINY = PretrainConfig(
    languages=("es",),
    dev_minutes=0.1,
    iterations=(
        Iteration(updates=4, clusters=8, minutes=0.5),
        Iteration(updates=4, clusters=8, minutes=0.3),
        Iteration(updates=4, clusters=6, layer=1, minutes=0.6),
    ),
    model={
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64,
        "conv_dim": [16] * 5, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
    },
    batch_seconds=12.0,
    save_every=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    for number in (1, 2, 3):
        for one in sets_of(TINY, number, folder).values():
            make_speech(TINY, one, jobs=1)
    return folder


def run(folder: Path, speech: Path) -> Path:
    folder.mkdir(exist_ok=True)
    if not (folder / "speech").exists():
        (folder / "speech").symlink_to(speech)
    return pretrain(TINY, folder)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """The folder of a run that nobody interrupts."""
    folder = tmp_path_factory.mktemp("work")
    run(folder, speech)
    return folder


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return dict(torch.load(checkpoint, weights_only=True)["model"])


def test_an_interrupted_run_ends_with_the_same_bits(
    tmp_path: Path, speech: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights(run(work, speech))
    real, calls = torch.nn.utils.clip_grad_norm_, []

    def interrupt(*arguments: object, **options: object) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 7:  # the third update of the second iteration
            raise KeyboardInterrupt
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", speech)
    monkeypatch.undo()
    resumed = weights(run(tmp_path / "cut", speech))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_exported_upstream_loads_and_is_small(tmp_path: Path, speech: Path, work: Path) -> None:
    export(TINY, run(work, speech), tmp_path / "upstream")
    checked = preflight(str(tmp_path / "upstream"), tmp_path / "adapted")
    assert checked.changed == {}
    size = (tmp_path / "upstream" / "model.safetensors").stat().st_size
    assert size < 2 * checked.parameters + 20_000  # fp16 and a header


def test_speech_that_is_there_is_kept(speech: Path) -> None:
    train = sets_of(TINY, 1, speech)["train"]
    before = (speech / "train1" / "es.npy").stat().st_mtime_ns
    make_speech(TINY, train, jobs=1)
    assert (speech / "train1" / "es.npy").stat().st_mtime_ns == before
    seconds = sum(len(clip.samples) for clip in load_speech(TINY, train)) / 16000
    assert 20 < seconds < 50


def test_every_iteration_has_new_speech_and_the_reference_voice_where_it_needs_it(
    speech: Path,
) -> None:
    first, second = (load_speech(TINY, sets_of(TINY, number, speech)["train"]) for number in (1, 3))
    assert all(clip.reference is not None for clip in first)
    assert all(clip.reference is None for clip in second)
    heard = {clip.samples.tobytes() for clip in first}
    assert heard.isdisjoint(clip.samples.tobytes() for clip in second)


@given(
    lengths=st.lists(st.integers(8000, 128_000), min_size=1, max_size=600),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 5),
)
def test_batches_hold_every_utterance_once_and_stay_within_their_size(
    lengths: list[int], seed: int, epoch: int
) -> None:
    samples = np.array(lengths)
    found = batches(samples, 10.0, seed, epoch)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(lengths)))
    assert all(len(batch) * samples[batch].max() <= 160_000 for batch in found)


def test_masks_cover_their_share() -> None:
    lengths = torch.randint(20, 400, (400,), generator=torch.Generator().manual_seed(1))
    masked = draw_mask(lengths, 0.4, 10, torch.Generator().manual_seed(0))
    assert float(masked.sum() / lengths.sum()) == pytest.approx(0.4, abs=0.03)
    assert not any(
        bool(row[length:].any()) for row, length in zip(masked, lengths.tolist(), strict=True)
    )


def test_noise_has_the_ratio_that_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(16000) / 16000
    speech = np.sin(2 * np.pi * 300 * time).astype(np.float32)
    ranges = Disturbances(
        room_share=0.0, channel=0.0, noise_share=1.0, noise=(10.0, 10.0), babble_share=0.0
    )
    noise = disturb(speech, speech, ranges, rng) - speech
    assert 10 * np.log10(np.mean(speech**2) / np.mean(noise**2)) == pytest.approx(10.0, abs=0.1)


def test_alignment_finds_the_stretched_original() -> None:
    reference = np.random.default_rng(0).normal(size=(40, 13)).astype(np.float32)
    stretch = np.sort(np.concatenate([np.arange(40), np.arange(10, 30)]))
    assert np.array_equal(targets.align(reference[stretch], reference), stretch)


def test_a_slower_voice_gets_the_reference_voices_targets(speech: Path) -> None:
    for clip in load_speech(TINY, sets_of(TINY, 1, speech)["train"])[:3]:
        assert clip.reference is not None
        heard, reference = targets.mfcc(clip.samples), targets.mfcc(clip.reference)
        places = targets.align(heard, reference)
        assert places.shape == (len(heard),)
        assert (np.diff(places) >= 0).all()
        assert places[0] >= 0
        assert places[-1] < len(reference)


def test_nearest_centroids() -> None:
    rng = np.random.default_rng(0)
    features, centroids = (
        rng.normal(size=(50, 3)).astype(np.float32),
        rng.normal(size=(7, 3)).astype(np.float32),
    )
    distances = ((features[:, None] - centroids[None]) ** 2).sum(-1)
    assert np.array_equal(targets.assign(features, centroids), distances.argmin(1))


def test_a_loss_that_is_not_a_number_ends_it(speech: Path, tmp_path: Path) -> None:
    (tmp_path / "speech").symlink_to(speech)
    wild = dataclasses.replace(TINY, learning_rate=1e30, iterations=TINY.iterations[:1])
    with pytest.raises(
        UserError, match=r"the loss or its gradient is not a number, at a learning rate of"
    ):
        pretrain(wild, tmp_path)


def test_shipped_configurations_differ_in_what_they_are_about() -> None:
    mono, multi = (read_config(RECIPE / "conf" / f"{name}.yaml") for name in ("mono", "multi"))
    assert (len(mono.languages), len(multi.languages)) == (1, 11)
    # Alike in everything but the languages, so that the two upstreams can be compared.
    assert dataclasses.replace(mono, languages=()) == dataclasses.replace(multi, languages=())


@pytest.mark.parametrize(
    "content", ["", "languages: [es]\n", "languages: [es]\niterations: []\nmodel: {}\nx: 1\n"]
)
def test_a_wrong_configuration_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(UserError, match=r"bad\.yaml: expected"):
        read_config(tmp_path / "bad.yaml")


def test_a_missing_configuration_names_its_neighbours() -> None:
    with pytest.raises(UserError, match=r"mono\.yaml, multi\.yaml"):
        read_config(RECIPE / "conf" / "none.yaml")
