"""What tells one model from another, without opening it."""

import hashlib
from pathlib import Path

BIG = (".pth", ".safetensors", ".onnx", ".bin", ".xml", ".sparse")
SMALL = ("bundle.json", "recogniser.json", "tokens.txt")
TUNED = "decode_*/*/weights.json"


def identity_of(model: Path) -> str:
    """Return a word that changes with a model: with the sizes and times of its weights, the
    contents of what describes it, and the weights of searches that were tuned for it.
    """
    digest = hashlib.sha256(str(model.resolve()).encode())
    if model.is_dir():
        files = sorted(path for path in model.iterdir() if path.is_file())
        for path in files:
            if path.suffix in BIG:
                stat = path.stat()
                digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
        described = [model / name for name in SMALL if (model / name).is_file()]
        for path in [*described, *sorted(model.glob(TUNED))]:
            digest.update(path.read_bytes())
    elif model.is_file():
        stat = model.stat()
        digest.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
