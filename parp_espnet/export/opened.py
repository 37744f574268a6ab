"""A model of any kind, opened for recognising: with ESPnet only where it needs it."""

from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.espnet.found import SUMMARY, find_model
from parp_espnet.export.bundle import BUNDLE, load_bundle
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.recogniser import PlainRecogniser, of_experiment
from parp_espnet.recognition.listening import Listener


def open_model(path: Path, device: str = "cpu") -> tuple[Listener, tuple[Tuned, ...]]:
    """Return what hears, and the searches that were tuned for it, the best one first.

    Args:
        path: a bundle, an experiment's directory, or a model file beside its config.yaml.

    Raises `UserError` where it is none of these.
    """
    if (path / BUNDLE).is_file():
        bundle = load_bundle(path)
        return PlainRecogniser(bundle, device), bundle.decodings
    if (path / SUMMARY).is_file():
        try:
            bundle = of_experiment(path)
        except UserError:
            # It may have parts that only ESPnet has code for; else ESPnet's loader says what is
            # wrong.
            return _espnet(path, device), ()
        return PlainRecogniser(bundle, device), bundle.decodings
    return _espnet(path, device), ()


def _espnet(path: Path, device: str) -> Listener:
    from parp_espnet.espnet.recogniser import Recogniser  # noqa: PLC0415  # seconds of imports

    return Recogniser(find_model(path), device)
