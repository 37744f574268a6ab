"""ESPnet's packed zip: what `Speech2Text.from_pretrained` and `espnet2.bin.asr_inference` load.

ESPnet's own packing leaves the upstream out, which is a directory that the configuration names: a
path in a configuration is only put right by unpacking where it is a member of the zip, so that the
directory has an entry of its own here. Nothing in it is of the machine of the training.
"""

import io
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml

from parp_espnet import __version__
from parp_espnet.errors import UserError
from parp_espnet.export.bundle import PLACES, without_places
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.formats import Options
from parp_espnet.export.s3prl import write_upstream
from parp_espnet.export.test_set import found_below
from parp_espnet.export.trained import Trained

ZIP = "model.zip"
CONFIG, MODEL, UPSTREAM = "config.yaml", "model.pth", "upstream"
SUBWORDS = "bpe.model"
NATIVE = "upstream.pt"
"""The upstream where it is one file of S3PRL's."""
DATE = (1980, 1, 1, 0, 0, 0)
"""Of all members: the same model gives the same bytes."""


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write the zip, with its card beside it. Raises `UserError`."""
    with zipfile.ZipFile(folder / ZIP, "w", zipfile.ZIP_DEFLATED) as archive:
        meta = {
            "files": {"asr_model_file": MODEL},
            "yaml_files": {"asr_train_config": CONFIG},
            "timestamp": 0.0,
            "python": sys.version,
            "torch": str(torch.__version__),
            "espnet": str(trained.config.get("version")),
            "parp_espnet": __version__,
        }
        # The first, where unpacking looks for it.
        _add(archive, "meta.yaml", yaml.safe_dump(meta).encode())
        upstream = _add_upstream(archive, trained)
        subwords = _find_subwords(trained)
        if subwords is not None:
            _add(archive, SUBWORDS, subwords.read_bytes())
        config = _config(trained, upstream, has_subwords=subwords is not None)
        _add(archive, CONFIG, yaml.safe_dump(config).encode())
        content = io.BytesIO()
        torch.save({name: tensor.clone() for name, tensor in trained.states.items()}, content)
        _add(archive, MODEL, content.getvalue())
    write_card(trained, folder, Facts("espnet"), options)
    size = (folder / ZIP).stat().st_size
    return [f"{ZIP}: {size / 1e6:.1f} MB, for Speech2Text.from_pretrained"]


def _add_upstream(archive: zipfile.ZipFile, trained: Trained) -> str:
    """Add the upstream; return its path in the zip."""
    if trained.family.native:
        given = Path(trained.config["frontend_conf"]["frontend_conf"]["path_or_url"])
        _add(archive, NATIVE, given.read_bytes())
        return NATIVE
    _add(archive, f"{UPSTREAM}/", b"")
    with TemporaryDirectory() as scratch:
        write_upstream(trained, Path(scratch))
        for path in sorted(Path(scratch).iterdir()):
            _add(archive, f"{UPSTREAM}/{path.name}", path.read_bytes())
    return UPSTREAM


def _find_subwords(trained: Trained) -> Path | None:
    """sentencepiece's model, of tokens that are subwords; None where they are others.

    Raises `UserError` where it is gone.
    """
    given = trained.config.get("bpemodel")
    if given is None:
        return None
    place = found_below(trained.folder, str(given))
    if place is None:
        raise UserError(
            f"{trained.folder}: espnet: its tokens are subwords, and their model {given} is gone; "
            f"stage 4 makes it again"
        )
    return place


def _config(trained: Trained, upstream: str, has_subwords: bool = False) -> dict[str, Any]:
    """The training's configuration, with nothing of its machine but the names of things."""
    kept = {name: value for name, value in trained.config.items() if not name.endswith(PLACES)}
    found: dict[str, Any] = without_places(kept)
    found["frontend_conf"]["frontend_conf"]["path_or_url"] = upstream
    if has_subwords:
        # It was trained on texts in subwords; decoded, they are to come out as words.
        found |= {"token_type": "bpe", "bpemodel": SUBWORDS}
    return found


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o40755 if name.endswith("/") else 0o100644) << 16
    archive.writestr(info, content)
