"""The upstreams that come with the project, and what an upstream is called."""

from pathlib import Path

from parp_espnet.names import digest, plain_name
from parp_espnet.pipeline.paths import ROOT, need_clone

SHIPPED = ROOT / "egs2/cldr/ssl1/upstreams"
NAMES = ("multi", "mono")


def upstream_name(upstream: str) -> str:
    """Name of an upstream in paths and tags; for a directory of one's own, with a hash of where it
    is.
    """
    path = Path(upstream)
    if path.parent.name == "upstreams" and path.parent.parent.name == "ssl1":
        return path.name
    if upstream.startswith(("/", ".")):
        return f"{plain_name(path.stem or path.name)}-{digest(path)}"
    return upstream.replace("/", "__")


def model_called(word: str) -> Path:
    """Return where a model is, which is called by its path or by the name of a shipped upstream.

    Raises `UserError` for such a name where only the package is installed.
    """
    shipped = SHIPPED / word
    if word in NAMES and not Path(word).exists():
        need_clone(f"the upstream {word}")
    if "/" in word or Path(word).exists() or not shipped.is_dir():
        return Path(word)
    return shipped
