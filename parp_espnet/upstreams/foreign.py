"""Checkpoints that others made: looked at before they are read, and read so that nothing in them
runs.

torch refuses what a pickle would call (`weights_only`), but it trusts sizes, and does not look at
the checksums that its files have. s3prl evaluates a setting of its checkpoints as Python; here that
has to be a list of numbers.
"""

import ast
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError, describe, excerpt

EVALUATED = "conv_feature_layers"
"""The setting that s3prl passes to `eval`: `[(512, 10, 5)] + [(512, 3, 2)] * 4`, (channels, kernel,
stride) each.
"""
MOST_LAYERS = 1000
_LAYERS = (ast.Expression, ast.List, ast.Tuple, ast.BinOp, ast.Add, ast.Mult, ast.Load)
_BLOCK = 1 << 20
_FIRST = (b"P", b"\x80")
"""How a zip and a pickle begin, which torch writes."""


def read_checkpoint(path: Path, mmap: bool = False) -> Any:
    """Return what a torch checkpoint holds, on the CPU: tensors and plain types.

    Files in torch's older format, without checksums, can be told from damaged ones only as far as
    torch does.

    Raises:
        UserError: it is missing, does not fit into memory, is damaged, or would run code or grow
            when it is read.
    """
    _check_size(path)
    try:
        if zipped := zipfile.is_zipfile(path):
            _check_zip(path)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap and zipped)
    except UserError:
        raise
    except Exception as error:  # pickle, zip and torch raise many kinds for a damaged file
        raise UserError(
            f"{path}: not a checkpoint that loads safely (weights only): {_why(error, path)}; "
            f"{_again(path)}, or "
            "have its maker save a state_dict"
        ) from None
    size = path.stat().st_size
    for tensor in _tensors(content):
        if tensor.layout != torch.strided or tensor.numel() * tensor.element_size() > size:
            raise UserError(
                f"{path}: not a checkpoint that loads safely: expected tensors that it holds in "
                f"full, found one of "
                f"shape {tuple(tensor.shape)} in {size} bytes"
            )
    return content


def _why(error: Exception, path: Path) -> str:
    """Why torch refuses a file, without its advice to let the file run what it wants."""
    if path.is_file():
        with path.open("rb") as opened:
            first = opened.read(1)
        if first not in _FIRST:
            return "it is none of torch's files"
    said = str(error)
    found = re.search(r"GLOBAL (\S+)", said)
    if found is not None:
        return f"it holds a {found[1]}, and reading that could run anything"
    if said.startswith("Weights only load failed"):
        return "its pickle is none of a checkpoint's"
    return describe(error)


def check_native(content: Any, path: Path) -> None:
    """Check what s3prl evaluates of its own checkpoints.

    Raises `UserError` where that is anything but lists of whole numbers, added and repeated.
    """
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected an s3prl checkpoint, found {type(content).__name__}")
    for settings in (content.get("model_cfg"), content.get("cfg")):
        layers = settings.get(EVALUATED) if isinstance(settings, dict) else None
        if layers is not None and not _is_layers(layers):
            raise UserError(
                f"{path}: {EVALUATED}: expected a list such as [(512, 10, 5)] + [(512, 3, 2)] * 4, "
                f"found {excerpt(layers)}, which s3prl would run as Python; do not use this file"
            )


def normalises(path: Path) -> bool:
    """Return whether s3prl normalises waves before a checkpoint of its own hears them.

    Raises `UserError` where it cannot be read, or is none.
    """
    content = read_checkpoint(path, mmap=True)
    for key in ("task_cfg", "cfg"):
        settings = content.get(key) if isinstance(content, dict) else None
        if isinstance(settings, dict):
            return bool(settings.get("normalize", False))
    raise UserError(f"{path}: expected an s3prl checkpoint with task_cfg or cfg, found none")


def _again(path: Path) -> str:
    """How to get a file again: an experiment's is made, somebody else's fetched."""
    own = (path.parent / ".steps").is_dir()
    return "run its recipe again, which makes it again" if own else "fetch it again"


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if size == 0:
        raise UserError(
            f"{path}: not a checkpoint that loads safely: the file is empty; {_again(path)}"
        )
    if size > memory:
        raise UserError(
            f"{path}: has {size / 2**30:.1f} GiB, more than the {memory / 2**30:.1f} GiB of "
            f"memory here"
        )


def _check_zip(path: Path) -> None:
    """Check that a zip holds what it says, uncompressed as torch writes it, with the checksums that
    it says.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        packed = next((one for one in members if one.compress_type != zipfile.ZIP_STORED), None)
        total = sum(one.file_size for one in members)
        if packed is not None or total > path.stat().st_size:
            found = (
                f"{packed.filename} compressed"
                if packed
                else f"members that overlap, of {total} bytes"
            )
            raise UserError(
                f"{path}: not a checkpoint that loads safely: expected a zip without compression, "
                f"found {found} "
                f"in {path.stat().st_size} bytes"
            )
        for one in members:
            found_crc = 0
            try:
                with archive.open(one) as file:
                    while block := file.read(_BLOCK):
                        found_crc = zlib.crc32(block, found_crc)
            except (zipfile.BadZipFile, EOFError):
                found_crc = -1
            if found_crc != one.CRC:
                raise UserError(
                    f"{path}: damaged: {one.filename} in it does not match its checksum; "
                    f"{_again(path)}"
                )


def _tensors(content: Any) -> Iterator[Tensor]:
    """Yield every tensor in nested containers, which may hold themselves."""
    seen: set[int] = set()
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, dict | list | tuple | set) and id(one) not in seen:
            seen.add(id(one))
            waiting.extend(one.values() if isinstance(one, dict) else one)


def _is_layers(found: Any) -> bool:
    if not isinstance(found, str) or len(found) > 10_000:
        return False
    try:
        tree = ast.parse(found.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    times = 1
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            if not isinstance(node.right, ast.Constant) or not isinstance(node.right.value, int):
                return False
            # Nested or not: more than any real model repeats, and little enough to evaluate.
            times *= max(1, node.right.value)
        elif isinstance(node, ast.Constant):
            if type(node.value) is not int:
                return False
        elif not isinstance(node, _LAYERS):
            return False
    return times <= MOST_LAYERS and isinstance(tree.body, ast.List | ast.BinOp)
