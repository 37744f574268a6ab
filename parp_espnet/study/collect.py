"""Collect the results of a study's experiments into one file."""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.scoring.result import Result


def collect(files: Sequence[Path], out: Path) -> list[Result]:
    """Write `out`, the list of the results in those of `files` that are there, in their order; return them.

    Raises `UserError` when none is there, or a file is no result.
    """
    there = [file for file in files if file.exists()]
    if not there:
        raise UserError(f"none of {len(files)} experiments has a result yet, such as {files[0]}")
    results = [Result.read(file) for file in there]
    write_json(out, [read_json(file) for file in there])
    return results


def read_results(path: Path) -> list[Result]:
    """Read a study's `results.json`. Raises `UserError` when it is missing, damaged or empty."""
    found = read_json(path)
    if not isinstance(found, list) or not found:
        raise UserError(f"{path}: expected a list of results; collect them again")
    return [Result.of(one, where=f"{path}, result {number}") for number, one in enumerate(found, start=1)]
