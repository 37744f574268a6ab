"""What a recipe of espnet3's trains on, made before: speech, its labels, and the upstream."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espnet3.components.data.dataset_builder import (  # type: ignore[import-untyped]
    DatasetBuilder,
)

from parp_espnet.corpora.registry import CORPORA
from parp_espnet.data.kaldi import read_data_dir, write_data_dir
from parp_espnet.errors import UserError, printable
from parp_espnet.espnet3.data import write_lengths
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.pipeline.paths import from_root
from parp_espnet.pipeline.tokens import token_list
from parp_espnet.upstreams.preflight import preflight

TOKENS = "tokens.txt"
UPSTREAM = "upstream"
FRONTEND = "frontend.json"
STAMP = "corpus.json"
SETS = frozenset({"train", "dev", "test"})
SOURCE = "source.json"
"""In the upstream's copy: of which upstream it is."""


class CldrBuilder(DatasetBuilder):  # type: ignore[misc]  # espnet3 is untyped
    """Makes synthetic speech of one language in `data_dir`, with what else a training reads."""

    def is_source_prepared(self, data_dir: str, upstream: str, **_: Any) -> bool:
        """Whether the upstream is there as training opens it, and is that one."""
        copy = Path(data_dir) / UPSTREAM
        if not (copy / FRONTEND).is_file() or not (copy / SOURCE).is_file():
            return False
        return _is_of(read_json(copy / SOURCE), _source(upstream))

    def prepare_source(self, data_dir: str, upstream: str, **_: Any) -> None:
        """Check the upstream and make the copy that training opens. Raises `UserError`."""
        copy = Path(data_dir) / UPSTREAM
        (copy / SOURCE).unlink(missing_ok=True)
        preflight(upstream, copy)
        write_json(copy / SOURCE, _source(upstream))

    def is_built(
        self, data_dir: str, lang: str, minutes: Mapping[str, float], seed: int = 0, **_: Any
    ) -> bool:
        """Whether the sets are there, made with these settings."""
        stamp, settings = Path(data_dir) / STAMP, _settings(lang, minutes, seed)
        return stamp.is_file() and read_json(stamp) == settings

    def build(
        self, data_dir: str, lang: str, minutes: Mapping[str, float], seed: int = 0, **_: Any
    ) -> None:
        """Make the sets, so many minutes of each, and the list of labels. Raises `UserError`."""
        folder, settings = Path(data_dir), _settings(lang, minutes, seed)
        (folder / STAMP).unlink(missing_ok=True)
        for name, amount in minutes.items():
            options = argparse.Namespace(
                out=folder / name, lang=lang, set=name, minutes=float(amount), seed=seed, jobs=1
            )
            write_data_dir(folder / name, CORPORA["cldr"].make(options).utterances)
            write_lengths(folder / name)
        tokens = token_list([utterance.phones for utterance in read_data_dir(folder / "train")])
        write_text(folder / TOKENS, "".join(f"{token}\n" for token in tokens))
        write_json(folder / STAMP, settings)


def _source(upstream: str) -> dict[str, Any]:
    """Which upstream it is: where, and what is copied of it. Its weights are linked."""
    path = Path(upstream)
    if not path.exists():
        return {"upstream": upstream, "copied": {}}
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    copied = {file.name: plain_word_of(file) for file in files}
    return {"upstream": from_root(path.resolve()), "copied": copied}


def _is_of(then: Any, now: dict[str, Any]) -> bool:
    """Whether a copy is of an upstream, wherever the checkout was when it was made."""
    if then == now:
        return True
    if not isinstance(then, dict) or then.get("copied") != now["copied"]:
        return False
    # An earlier version wrote the whole path.
    before, inside = Path(str(then.get("upstream"))), Path(now["upstream"])
    return not inside.is_absolute() and before.parts[-len(inside.parts) :] == inside.parts


def _settings(lang: str, minutes: Mapping[str, float], seed: int) -> dict[str, Any]:
    """What the sets depend on. Raises `UserError` where that is no language, or no minutes."""
    amounts = dict(minutes) if isinstance(minutes, Mapping) else {}
    are_numbers = all(type(amount) in (int, float) for amount in amounts.values())
    if amounts.keys() != SETS or not are_numbers:
        raise UserError(
            f"create_dataset.minutes: expected those of each set, such as "
            f"{{train: 10, dev: 2, test: 6}}, found {printable(str(minutes))}"
        )
    if not isinstance(lang, str) or type(seed) is not int:
        raise UserError(
            f"create_dataset: expected lang, such as es, and a whole number as seed, found "
            f"{printable(str(lang))} and {printable(str(seed))}"
        )
    return {
        "lang": lang,
        "minutes": {str(name): float(amount) for name, amount in amounts.items()},
        "seed": seed,
    }
