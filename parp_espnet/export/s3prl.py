"""The adjusted upstream without its head: an upstream for the next task, in S3PRL and here."""

import shutil
from pathlib import Path

import torch

from parp_espnet.errors import UserError
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.formats import Options
from parp_espnet.export.model import build_upstream
from parp_espnet.export.names import HEAD
from parp_espnet.export.trained import MASK, Trained
from parp_espnet.files import write_json


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write the upstream as Hugging Face's class, which S3PRL and `--upstream` load.

    Raises `UserError` where S3PRL has no upstream that loads such a directory.
    """
    write_upstream(trained, folder)
    if trained.fitting_mask is not None:
        shutil.copyfile(trained.fitting_mask, folder / MASK)
    write_card(trained, folder, Facts("s3prl", has_head=False), options)
    return [f"S3PRL's name for it: {name_in_s3prl(trained)}"]


def name_in_s3prl(trained: Trained) -> str:
    """S3PRL's name of what loads such a directory. Raises `UserError` where it has none."""
    family = trained.family
    if family.native:
        raise UserError(
            f"{trained.folder}: s3prl: expected a HuBERT or a wav2vec 2.0, found a "
            f"{family.model_type}, of which S3PRL loads no Hugging Face directory; take --to hf, "
            f"and the upstream that it has inside"
        )
    return f"hf_{family.model_type}_custom"


def write_upstream(trained: Trained, folder: Path) -> None:
    """Write config.json, model.safetensors and preprocessor_config.json. Raises `UserError`."""
    name_in_s3prl(trained)
    prefix = trained.family.prefix
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in trained.weights().items()
        if name not in HEAD
    }
    with torch.device("meta"):
        upstream = build_upstream(trained.family, trained.upstream)
    upstream.load_state_dict(weights, strict=True, assign=True)
    upstream.save_pretrained(folder)
    # What training set in it, such as tie_last_hidden_states, whatever transformers leaves out.
    write_json(folder / "config.json", trained.upstream)
    write_json(folder / "preprocessor_config.json", trained.preprocessor)
