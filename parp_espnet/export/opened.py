"""A model of any kind, opened for recognising: with ESPnet, or torch, only where it needs it."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from parp_espnet.errors import UserError, printable
from parp_espnet.export.decodings import Tuned, find_tuned
from parp_espnet.export.described import read_described
from parp_espnet.export.exported import ExportedRecogniser, is_exported
from parp_espnet.export.names import NotPlainError
from parp_espnet.progress import say
from parp_espnet.recognition.listening import Listener
from parp_espnet.upstreams.starts import BUNDLE, RECOGNISER, SUMMARY

if TYPE_CHECKING:
    from parp_espnet.export.pack import Pack
    from parp_espnet.upstreams.untouched import Upstream


def open_pack(
    path: Path, upstream: Path | None, folder: Path, device: str = "cpu"
) -> tuple[Listener, tuple[Tuned, ...]]:
    """Return what hears with a language pack, and the searches that were tuned for it.

    Args:
        upstream: the directory of the upstream that it is of.
        folder: an empty one, for its n-grams.

    Raises `UserError` where one is missing, damaged, or the upstream is another.
    """
    # It takes seconds to import.
    from parp_espnet.export.switching import PackRecogniser  # noqa: PLC0415

    pack, loaded = load_both(path, upstream)
    return PackRecogniser(loaded, pack, device), pack.searches(folder)


def load_both(path: Path, upstream: Path | None) -> "tuple[Pack, Upstream]":
    """Return a language pack and the upstream that it is of.

    Raises `UserError` where one is missing, damaged, or the upstream is another.
    """
    # They take seconds to import.
    from parp_espnet.export.pack import load_pack  # noqa: PLC0415
    from parp_espnet.upstreams.untouched import load_upstream  # noqa: PLC0415

    pack = load_pack(path)
    if upstream is None:
        raise UserError(
            f"{path}: expected --upstream beside --pack, found none; it is of "
            f"{printable(pack.upstream_name)} (sha256 {pack.upstream_sha256[:12]})"
        )
    loaded = load_upstream(upstream)
    pack.check_fits(loaded)
    return pack, loaded


def open_model(
    path: Path, device: str = "cpu", searched: bool = True
) -> tuple[Listener, tuple[Tuned, ...]]:
    """Return what hears, and the searches that were tuned for it, the best one first.

    Where only ESPnet can read an experiment, it says so.

    Args:
        path: a bundle, an experiment's directory, a model file beside its config.yaml, or ONNX's or
            OpenVINO's export.
        searched: whether the searches are wanted; else none is read.

    Raises `UserError` where it is none of these, or is refused by what reads it.
    """
    if (path / BUNDLE).is_file():
        return _of_bundle(path, device, searched)
    if is_exported(path):
        return ExportedRecogniser(path, device), ()
    # It takes seconds to import.
    from parp_espnet.export.pack import is_pack  # noqa: PLC0415
    from parp_espnet.export.recogniser import PlainRecogniser, of_experiment  # noqa: PLC0415

    if is_pack(path):
        raise UserError(
            f"{path}: expected a whole model, found a language pack; give it as --pack {path}, "
            f"with the --upstream that it is of"
        )
    if (path / SUMMARY).is_file():
        try:
            bundle = of_experiment(path, searched)
        except NotPlainError as error:
            recogniser = _in_place(path, device, error)
            return recogniser, find_tuned(path) if searched else ()
        return PlainRecogniser(bundle, device), bundle.decodings
    if path.is_dir() and not any(path.glob("valid.*.pth")):
        raise UserError(
            f"{path}: expected an experiment ({SUMMARY}), a bundle ({BUNDLE}), or what parp-export "
            f"--to onnx or openvino wrote ({RECOGNISER}), found none of them"
        )
    return _espnet(path, device), ()


def _of_bundle(path: Path, device: str, searched: bool) -> tuple[Listener, tuple[Tuned, ...]]:
    """A bundle in onnxruntime where it has a model for that and the device is the CPU, else in
    torch.
    """
    described = read_described(path)
    decodings = described.decodings if searched else ()
    if is_exported(path) and device == "cpu" and find_spec("onnxruntime") is not None:
        return ExportedRecogniser(path), decodings
    from parp_espnet.export.bundle import load_bundle  # noqa: PLC0415  # seconds of imports
    from parp_espnet.export.recogniser import PlainRecogniser  # noqa: PLC0415

    return PlainRecogniser(load_bundle(path), device), decodings


def _in_place(path: Path, device: str, cause: UserError) -> Listener:
    """ESPnet's reader, and why it is that. Raises `UserError` with the cause where it refuses,
    too.
    """
    try:
        recogniser = _espnet(path, device)
    except UserError as error:
        raise UserError(f"{cause}; nor does ESPnet read it ({error})") from None
    say(f"{path} is read by ESPnet: {cause}")
    return recogniser


def _espnet(path: Path, device: str) -> Listener:
    from parp_espnet.espnet.found import find_model  # noqa: PLC0415
    from parp_espnet.espnet.recogniser import Recogniser  # noqa: PLC0415  # seconds of imports

    return Recogniser(find_model(path), device)
