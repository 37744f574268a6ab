"""What an upstream cannot do, said before anything is trained: by what the preflight has left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.settings import Settings
from parp_espnet.upstreams.frontend import ESPNET_SSL, FRONTEND, KEY, NAME, WHISPER

IN_TRANSFORMERS = ("hf_",)
"""How s3prl's upstreams are called that run in transformers' code."""


def check_upstream(settings: Settings, left: Mapping[str, Any]) -> None:
    """Raise `UserError` where an option, or a set, is more than the upstream's code can do.

    Args:
        left: `frontend.json` of the preflight.
    """
    name = left.get(NAME, FRONTEND if KEY in left else None)
    if settings.gradient_checkpointing and not _runs_in_transformers(name, left):
        whose = "ESPnet's" if name == ESPNET_SSL else "s3prl's"
        raise UserError(
            f"--gradient_checkpointing true: expected an upstream that runs in transformers' code, "
            f"found {settings.upstream}, which runs in {whose} own and keeps everything; leave it "
            f"out, or take another upstream"
        )
    if name == WHISPER:
        _check_lengths(settings, Path(left[KEY]))


def _runs_in_transformers(name: str | None, left: Mapping[str, Any]) -> bool:
    if name is not None:
        return name != ESPNET_SSL
    return str(left.get("upstream")).startswith(IN_TRANSFORMERS)


def _check_lengths(settings: Settings, whisper: Path) -> None:
    """Whisper hears a window at once, and the test set is never filtered."""
    window = read_json(whisper / "preprocessor_config.json")["chunk_length"]
    tested = Path(settings.dumpdir) / "raw" / settings.test_dump
    sets = read_data_dir(tested) if tested.is_dir() else []
    longer = [one for one in sets if one.duration > window]
    if longer:
        raise UserError(
            f"{tested}: {len(longer)} utterances are longer than the {window} s that Whisper hears "
            f"at once, such as {longer[0].id} of {longer[0].duration:.1f} s; divide them, by "
            f"segments or --align_with, or take another upstream"
        )
