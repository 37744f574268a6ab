"""What tells one model from another, without opening it."""

import hashlib
from pathlib import Path

CHECKPOINT = ".pth"
BIG = (CHECKPOINT, ".safetensors", ".onnx", ".bin", ".xml", ".sparse")
SMALL = ("bundle.json", "recogniser.json", "tokens.txt")
TUNED = "decode_*/*/weights.json"


def identity_of(model: Path) -> str:
    """Return a word that changes with a model: with the sizes and times of its weights, the
    contents of what describes it, and the weights of searches that were tuned for it.
    """
    digest = hashlib.sha256(str(model.resolve()).encode())
    for path in _weights(model):
        stat = path.stat()
        digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    # A checkpoint is opened with what lies beside it.
    if model.is_dir() or model.suffix == CHECKPOINT:
        folder = model if model.is_dir() else model.parent
        described = [folder / name for name in SMALL if (folder / name).is_file()]
        for path in [*described, *sorted(folder.glob(TUNED))]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _weights(model: Path) -> list[Path]:
    if not model.is_dir():
        return [model] if model.is_file() else []
    return sorted(path for path in model.iterdir() if path.is_file() and path.suffix in BIG)
