"""`parp-recognize` on what was exported for a runtime: our tokens and times, without torch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from parp_espnet.errors import UserError
from parp_espnet.export.exported import ExportedRecogniser, is_exported
from parp_espnet.export.formats import Options, export
from parp_espnet.export.opened import open_model
from parp_espnet.export.trained import load_trained


@pytest.fixture(scope="module")
def exported(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same experiment for both runtimes."""
    folder = tmp_path_factory.mktemp("exported") / "models"
    export(load_trained(learned), folder, ["onnx", "openvino"], Options())
    return folder


PLACES = (
    "onnx", "openvino", "onnx/model.fp16.onnx", "onnx/model.int8.onnx", "openvino/model.int8.xml",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_phones_and_times_are_those_of_the_experiment(
    exported: Path, learned: Path, tones: Path, place: str
) -> None:
    """int8's too, of tones that are learnt by heart, but for a frame here and there."""
    found, tuned = open_model(exported / place)
    expected, _ = open_model(learned)
    audio = [soundfile.read(path, dtype="float32")[0] for path in sorted(tones.glob("*.wav"))]
    assert isinstance(found, ExportedRecogniser)
    assert tuned == ()
    assert found.tokens == expected.tokens
    pairs = zip(found.recognise(audio), expected.recognise(audio), strict=True)
    for ours, theirs in pairs:
        assert [phone.name for phone in ours] == [phone.name for phone in theirs]
        if "int8" not in place:
            assert ours == theirs


def test_torch_is_not_imported(exported: Path, tones: Path) -> None:
    program = (
        "import sys\n"
        "from parp_espnet.bin.recognize import main\n"
        "main()\n"
        "assert not {'torch', 'transformers', 'espnet2', 'openvino'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, exported / "onnx", tones / "tone-0.wav"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    expected = (tones / "text").read_text().splitlines()[0].split()[1:]
    assert [line.split("\t")[-1] for line in done.stdout.splitlines()] == expected


def test_another_device_is_refused(exported: Path) -> None:
    with pytest.raises(UserError, match="run on the CPU here; take a bundle"):
        open_model(exported / "onnx", "cuda")


def test_what_is_beside_the_model_may_be_damaged(exported: Path, tmp_path: Path) -> None:
    beside = json.loads((exported / "onnx/recogniser.json").read_text())
    for name in ("format", "tokens", "grid", "files"):
        text = json.dumps({key: value for key, value in beside.items() if key != name})
        (tmp_path / "recogniser.json").write_text(text)
        with pytest.raises(UserError, match="export it again") as refused:
            open_model(tmp_path)
        assert "\n" not in str(refused.value)


def test_an_experiment_is_none(learned: Path) -> None:
    assert not is_exported(learned)
    assert not is_exported(learned / "model.onnx")
