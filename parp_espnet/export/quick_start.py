"""A bundle's model as ONNX beside it, with which recognising starts without torch."""

from pathlib import Path

from parp_espnet.export.bundle import load_bundle
from parp_espnet.export.exported import ExportedRecogniser
from parp_espnet.export.extras import need
from parp_espnet.export.offer import Offer
from parp_espnet.export.onnx import FILES, FORMAT, export_onnx, largest_difference, recogniser
from parp_espnet.export.recogniser import PlainRecogniser
from parp_espnet.export.runtimes import OnnxRuntime
from parp_espnet.export.test_set import Compared, TestSet, compare
from parp_espnet.export.trained import Trained
from parp_espnet.files import write_json
from parp_espnet.recognition.listening import Samples
from parp_espnet.upstreams.starts import RECOGNISER


def add_onnx(trained: Trained, folder: Path, tests: TestSet | None) -> tuple[Compared | None, str]:
    """Write model.onnx into a bundle; return how torch's tokens compare with stage 12's, and what
    is to be said.

    It is left out again where its tokens of the test set are not torch's. Raises `UserError` where
    onnx or onnxruntime is not installed, or the model is too large.
    """
    need("onnxruntime", "onnx")
    path = folder / FILES["fp32"]
    export_onnx(trained, path)
    difference = largest_difference(trained, path)
    offer = Offer({"fp32": path}, OnnxRuntime, trained)
    offer.unjudged()
    write_json(folder / RECOGNISER, recogniser(trained, FORMAT, offer.table))
    near = f"log-probabilities within {difference:.1e} of torch's"
    told = f"{path.name}: starts without torch, {near}"
    if tests is None:
        return None, told
    plain, quick = PlainRecogniser(load_bundle(folder)), ExportedRecogniser(folder)
    heard: list[tuple[str, ...]] = []

    def names(samples: Samples) -> tuple[str, ...]:
        heard.append(plain.names(samples))
        return heard[-1]

    # One after the other: the card has the time that torch alone takes.
    compared = compare(tests, names)
    expected = iter(heard)
    others = 0

    def count(samples: Samples) -> tuple[str, ...]:
        nonlocal others
        tokens = quick.names(samples)
        others += tokens != next(expected)
        return tokens

    compare(tests, count)
    if others:
        path.unlink()
        (folder / RECOGNISER).unlink()
        told = f"{path.name} is left out: {others} utterances of {tests.name} get other tokens"
    return compared, told
