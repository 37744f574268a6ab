"""Decoding: ours, greedy, in batches; and ESPnet's own, on the same files."""

import shutil
from pathlib import Path

import pytest
import soundfile

from parp_espnet.errors import UserError
from parp_espnet.espnet.decode import LOGPROBS, decode, read_wav_scp
from parp_espnet.files import read_json
from parp_espnet.recognition.listening import make_batches


@pytest.fixture
def model(learned: Path) -> Path:
    return learned / "valid.loss.ave.pth"


def test_batched_or_singly_the_same_tokens(model: Path, tones: Path, tmp_path: Path):
    batched = decode(model, tones, tmp_path / "batched", batch_seconds=3.0).read_text()
    single = decode(model, tones, tmp_path / "single", batch_seconds=0.01).read_text()
    assert batched == single
    assert [line.split()[0] for line in batched.splitlines()] == sorted(read_wav_scp(tones))
    assert len({line.split(maxsplit=1)[-1] for line in batched.splitlines()}) > 1
    summary = read_json(tmp_path / "batched" / "decode.json")
    assert summary["utterances"] == 8
    assert summary["audio_seconds"] == pytest.approx(
        sum(soundfile.info(path).duration for path in read_wav_scp(tones).values())
    )
    assert summary["sparsity_measured"] == 0.5
    assert summary["batched"] is True


def test_every_phone_has_its_time(model: Path, tones: Path, tmp_path: Path):
    text = decode(model, tones, tmp_path).read_text()
    rows = [line.split() for line in (tmp_path / "ctm").read_text().splitlines()]
    assert [row[0] for row in rows] == [
        line.split()[0] for line in text.splitlines() for _ in line.split()[1:]
    ]
    assert [row[4] for row in rows] == [
        phone for line in text.splitlines() for phone in line.split()[1:]
    ]
    # Tones are 0.2 s long, and of two that are alike the model may make one, or not.
    spoken = {
        line.split()[0]: line.split()[1:] for line in (tones / "text").read_text().splitlines()
    }
    for utterance, _, begin, duration, phone in rows:
        middle = float(begin) + float(duration) / 2
        assert spoken[utterance][min(int(middle / 0.2), len(spoken[utterance]) - 1)] == phone
        assert float(duration) >= 0.02


def test_stock_espnet_decodes_the_same(model: Path, tones: Path, tmp_path: Path):
    # Imported here: it loads all that ESPnet has, in each process that only looks for tests.
    from espnet2.bin.asr_inference import Speech2Text  # noqa: PLC0415

    ours = dict(
        line.split(maxsplit=1) for line in decode(model, tones, tmp_path).read_text().splitlines()
    )
    stock = Speech2Text(
        model.parent / "config.yaml", model, ctc_weight=1.0, lm_weight=0.0, penalty=0.0, beam_size=3
    )
    for utterance, path in read_wav_scp(tones).items():
        assert stock(soundfile.read(path, dtype="float32")[0])[0][0] == ours[utterance]


def test_make_batches():
    lengths = {"a": 10, "b": 30, "c": 20, "d": 30}
    assert make_batches(lengths, limit=60) == [["b", "d"], ["c", "a"]]
    assert make_batches(lengths, limit=0) == [["b"], ["d"], ["c"], ["a"]]


def test_a_model_that_does_not_match_its_configuration(model: Path, tones: Path, tmp_path: Path):
    shutil.copy(model.parent / "config.yaml", tmp_path)
    (tmp_path / "model.pth").write_bytes(model.read_bytes()[:1000])
    with pytest.raises(UserError, match="truncated"):
        decode(tmp_path / "model.pth", tones, tmp_path)
    with pytest.raises(UserError, match="no such model file"):
        decode(tmp_path / "other.pth", tones, tmp_path)
    with pytest.raises(UserError, match="expected the training configuration beside"):
        decode(tmp_path / "elsewhere" / "model.pth", tones, tmp_path)


def test_bad_data(model: Path, tmp_path: Path):
    with pytest.raises(UserError, match="expected a Kaldi data directory"):
        decode(model, tmp_path, tmp_path)
    scp = tmp_path / "wav.scp"
    scp.write_text("")
    with pytest.raises(UserError, match="found none"):
        decode(model, tmp_path, tmp_path)
    scp.write_text("utt sox a.wav -t wav - |\n")
    with pytest.raises(UserError, match=r"wav\.scp, line 1: expected"):
        decode(model, tmp_path, tmp_path)
    scp.write_text(f"utt {tmp_path}/missing.wav\n")
    with pytest.raises(UserError, match=r"utt: .*missing\.wav cannot be read"):
        decode(model, tmp_path, tmp_path)
    soundfile.write(tmp_path / "slow.wav", [0.0] * 8000, 8000)
    scp.write_text(f"utt {tmp_path}/slow.wav\n")
    with pytest.raises(UserError, match="expected 16000 Hz mono, found 8000 Hz, 1 channels"):
        decode(model, tmp_path, tmp_path)


def test_scores_of_an_earlier_decoding_are_not_left_beside_another(
    model: Path, tones: Path, tmp_path: Path
) -> None:
    """A search would take them for the later one's."""
    scores = tmp_path / LOGPROBS
    decode(model, tones, tmp_path, keep_logprobs=True)
    assert scores.is_file()
    decode(model, tones, tmp_path)
    assert not scores.exists()
    decode(model, tones, tmp_path)
