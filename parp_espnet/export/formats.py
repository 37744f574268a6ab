"""Which formats there are, and how one is written: whole, or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_folder

if TYPE_CHECKING:
    from parp_espnet.export.trained import Trained

DTYPES = ("fp32", "fp16")


@dataclass(frozen=True)
class Options:
    """What a user may choose of an export."""

    dtype: str = "fp32"
    """What weights are stored as."""
    sparse_dtype: str = "fp16"
    """The same in the sparse format."""
    data: Path | None = None
    """A Kaldi data directory whose tokens are compared; None is the test set of the result."""
    licence: str | None = None
    """What the card says of the licence; None is that nobody has said."""
    onnx: bool = False
    """Whether a bundle has model.onnx, too, with which recognising starts without torch."""


@dataclass(frozen=True)
class Format:
    """A format, whose code is loaded when it is used."""

    place: str
    """module:function."""
    what: str
    """What it is, in a few words."""

    def write(self, trained: "Trained", folder: Path, options: Options) -> list[str]:
        """Write an experiment into an empty folder; return what is to be said. Raises `UserError`
        where the format cannot hold what the experiment has.
        """
        module, function = self.place.split(":")
        write: Callable[[Trained, Path, Options], list[str]] = getattr(
            import_module(f"parp_espnet.export.{module}"), function
        )
        return write(trained, folder, options)


FORMATS = {
    "bundle": Format("bundle:write", "a folder that parp-recognize takes anywhere"),
    "hf": Format("hf:write", "AutoModelForCTC, AutoProcessor and pipeline of transformers"),
    "espnet": Format("packed:write", "ESPnet's packed zip, for espnet2.bin.asr_inference"),
    "onnx": Format("onnx:write", "onnxruntime, and stock sherpa-onnx"),
    "openvino": Format("openvino:write", "OpenVINO, the fastest on most processors"),
    "sparse": Format("sparse_folder:write", "a bit a weight, and the weights that are not zero"),
    "pack": Format(
        "packed_language:write",
        "a language pack, one file: what --method router or lora adds to its upstream",
    ),
    "s3prl": Format("s3prl:write", "the adjusted upstream without its head, for the next task"),
}
"""Name → format."""


MEASURED = ("bundle", "onnx", "openvino", "sparse")
"""Formats whose size and speed a study can measure: what runs them is here."""


def check_formats(names: Sequence[str]) -> None:
    """Raise `UserError` for an unknown format, or one that is named twice."""
    for name in names:
        if name not in FORMATS:
            raise UserError(f"--to: {describe_unknown(name, FORMATS)}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UserError(f"--to: {twice[0]} is named twice")


def places(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Where each format goes: one alone is the folder, several have one each in it."""
    if len(names) == 1:
        return {names[0]: folder}
    return {name: folder / name for name in names}


def export(
    trained: "Trained", folder: Path, names: Sequence[str], options: Options = Options()
) -> dict[str, list[str]]:
    """Write an experiment in some formats; return what is to be said of each.

    Raises `UserError` where a format is unknown or cannot hold the experiment, where its model is
    another's, where a directory holds something else, or the disk is full: what was complete before
    stays, and nothing half.
    """
    from parp_espnet.export.model import check_fits  # noqa: PLC0415  # seconds of imports

    check_formats(names)
    check_fits(trained)
    said = {}
    for name, place in places(folder, names).items():
        with atomic_folder(place) as temporary:
            said[name] = FORMATS[name].write(trained, temporary, options)
    return said
