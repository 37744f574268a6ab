"""Sending an exported folder to the Hugging Face Hub, by its own client."""

import re
from pathlib import Path

from parp_espnet.errors import UserError, describe

NAME = re.compile(r"[\w.-]+/[\w.-]+")


def check_name(name: str) -> None:
    """Raise `UserError` where it is no model's name on the Hub."""
    if not NAME.fullmatch(name):
        raise UserError(f"--push {name}: expected USER/NAME")


def push(folder: Path, name: str) -> str:
    """Send a folder to a model repository, which is made where there is none; return what to say.

    Raises `UserError` for what is no name, and where the Hub refuses.
    """
    check_name(name)
    from huggingface_hub import HfApi  # noqa: PLC0415

    try:
        client = HfApi()
        client.create_repo(name, exist_ok=True)
        client.upload_folder(repo_id=name, folder_path=folder, commit_message="Add the model")
    except Exception as error:  # the client raises many kinds
        raise UserError(
            f"--push {name}: the Hub did not take it ({describe(error)}); {folder} is complete, "
            f"send it by `hf upload {name} {folder}`"
        ) from None
    return f"{name}: sent to the Hub"
