"""A finetuned experiment as the upstream of the next: by Hugging Face's names, with head and mask.

What is written is what the preflight takes: a directory that transformers' own class loads.
"""

import shutil
from pathlib import Path

from safetensors.torch import save_file

from parp_espnet.espnet.found import is_final
from parp_espnet.export.trained import MASK, Trained, load_trained
from parp_espnet.files import atomic_write, write_json
from parp_espnet.upstreams.starts import BUNDLE, is_experiment

TAKEN = "taken"
"""Where an experiment is written, in the folder of the upstream that it becomes."""


def as_upstream(upstream: str, out: Path) -> str:
    """Return what the preflight is to look at: where `upstream` is an experiment, a directory
    below `out` that is made of it; else `upstream` itself.

    Raises `UserError` where the experiment is not complete, damaged, or has parts that no plain
    upstream has.
    """
    path = Path(upstream)
    if not is_experiment(path):
        return upstream
    folder = path if path.is_dir() else path.parent
    model = None if path.is_dir() else path
    trained = load_trained(folder, model)
    write(trained, out / TAKEN, with_mask=model is None or is_final(model))
    return str(out / TAKEN)


def write(trained: Trained, folder: Path, with_mask: bool = True) -> None:
    """Write an experiment's model, configurations, labels and mask. Raises `UserError`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weights = {name: tensor.contiguous() for name, tensor in trained.weights().items()}
    with atomic_write(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})
    write_json(folder / "config.json", trained.upstream)
    write_json(folder / "preprocessor_config.json", trained.preprocessor)
    write_json(folder / BUNDLE, {"tokens": list(trained.tokens)})
    if with_mask and trained.mask is not None:
        shutil.copyfile(trained.mask, folder / MASK)
