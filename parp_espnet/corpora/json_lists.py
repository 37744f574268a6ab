"""Lists in JSON: an object a line, or one array of objects."""

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import Row, read_lines
from parp_espnet.errors import UserError
from parp_espnet.files import regular

JSONS = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".ndjson")


def is_json(path: Path) -> bool:
    """Whether a file's name is that of JSON."""
    return path.name.lower().endswith(JSONS)


def read_json_lines(path: Path) -> tuple[list[tuple[str, Mapping[str, Any]]], list[Reject]]:
    """Read the objects of a file of JSON lines, or of one JSON array, each with where it is; `.gz`
    is unpacked.

    Raises `UserError` when the file cannot be read.
    """
    if path.name.lower().endswith(".gz"):
        try:
            text = gzip.decompress(regular(path).read_bytes()).decode("utf-8-sig", errors="replace")
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise UserError(f"{path}: expected a file that gzip has packed ({error})") from None
        lines = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                lines.append((f"{path}:{number}", line))
        rejected: list[Reject] = []
    else:
        lines, rejected = read_lines(path)
    if lines and lines[0][1].lstrip().startswith("["):
        return _array(path, "\n".join(line for _, line in lines)), rejected
    objects: list[tuple[str, Mapping[str, Any]]] = []
    for where, line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            objects.append((where, value))
        else:
            rejected.append(
                Reject(where, line[:40], Why.ROW, "expected a JSON object in one line, found none")
            )
    if not objects and rejected:
        raise UserError(
            f"{rejected[0].where}: expected JSON lines, an object in each, found "
            f"{rejected[0].item!r}"
        )
    return objects, rejected


def _array(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: expected a JSON array, or an object in each line ({error})"
        ) from None
    if not all(isinstance(value, dict) for value in values):
        raise UserError(f"{path}: expected a JSON array of objects, found something else in it")
    return [(f"{path}, object {number}", value) for number, value in enumerate(values, start=1)]


def rows_of_json(path: Path) -> tuple[list[Row], list[Reject]]:
    """Objects as rows below a row of their keys."""
    objects, rejected = read_json_lines(path)
    keys: dict[str, None] = {}
    for _, value in objects:
        keys |= dict.fromkeys(value)
    rows = [Row(str(path), tuple(keys))] if keys else []
    for where, value in objects:
        rows.append(Row(where, tuple(map(_cell, map(value.get, keys)))))
    return rows, rejected


def _cell(value: object) -> str:
    if isinstance(value, dict):
        # Hugging Face's column of audio is one of {"path": …}.
        path = value.get("path")
        return path if isinstance(path, str) else ""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    return ""
