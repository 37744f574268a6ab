"""What a bundle says of itself in `bundle.json`, read without torch, which takes seconds to
import.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError, printable
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.names import FAMILIES, Family
from parp_espnet.files import read_json
from parp_espnet.upstreams.starts import BUNDLE

FORMAT = 1
FIELDS = ("family", "tokens", "upstream", "preprocessor", "normalise", "decodings")


@dataclass(frozen=True, eq=False)
class Described:
    """What a bundle holds, but for its weights."""

    folder: Path
    family: Family
    tokens: tuple[str, ...]
    upstream: dict[str, Any]
    """The upstream's Hugging Face configuration, of which the layers are built again."""
    preprocessor: dict[str, Any]
    normalise: bool
    decodings: tuple[Tuned, ...]
    """Tuned searches, that with the least errors on the validation set first."""


def read_described(folder: Path) -> Described:
    """Read a bundle's description.

    Raises `UserError` where it is none, damaged, or of a later version.
    """
    found = read_json(folder / BUNDLE)
    lacking = [name for name in FIELDS if not isinstance(found, dict) or name not in found]
    if lacking:
        raise UserError(f"{folder / BUNDLE}: expected a bundle, found no {', '.join(lacking)}")
    if found.get("format") != FORMAT:
        raise UserError(
            f"{folder / BUNDLE}: expected format {FORMAT}, found {found.get('format')}; install a "
            f"newer parp-espnet"
        )
    if str(found["family"]) not in FAMILIES:
        raise UserError(
            f"{folder / BUNDLE}: family: found {printable(found['family'])}, which is unknown"
        )
    try:
        decodings = tuple(_read(folder, entry) for entry in found["decodings"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise UserError(f"{folder / BUNDLE}: decodings: the file is damaged") from None
    for name, kind in (("tokens", list), ("upstream", dict), ("preprocessor", dict)):
        if not isinstance(found[name], kind):
            raise UserError(f"{folder / BUNDLE}: {name}: the file is damaged")
    return Described(
        folder=folder,
        family=FAMILIES[found["family"]],
        tokens=tuple(map(str, found["tokens"])),
        upstream=found["upstream"],
        preprocessor=found["preprocessor"],
        normalise=bool(found["normalise"]),
        decodings=decodings,
    )


def _read(folder: Path, entry: dict[str, Any]) -> Tuned:
    """A search of a bundle; raises `KeyError`, `TypeError` and others where it is damaged."""
    places = {}
    for name in ("ngram", "lm"):
        given = entry[name]
        if given is not None and (Path(given).is_absolute() or ".." in Path(given).parts):
            raise ValueError(f"{given}: leads out of the bundle")
        places[name] = None if given is None else folder / given
    return Tuned.from_json(entry, places["ngram"], places["lm"])
