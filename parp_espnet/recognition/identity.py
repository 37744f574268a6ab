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
    if model.is_dir():
        for path in sorted(model.iterdir()):
            if path.is_file() and path.suffix in BIG:
                digest.update(f"{path.name} {_looks(path)}".encode())
    elif model.is_file():
        digest.update(_looks(model).encode())
    # A checkpoint is opened with what lies beside it.
    if model.is_dir() or model.suffix == CHECKPOINT:
        folder = model if model.is_dir() else model.parent
        described = [folder / name for name in SMALL if (folder / name).is_file()]
        for path in [*described, *sorted(folder.glob(TUNED))]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _looks(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
