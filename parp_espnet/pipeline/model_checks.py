"""`--align_with` and `--labels_of`: the model of a round before is there, complete, and of tokens
that it can be used for. Both take the same things, and refuse others in the same words.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import parse_yaml, read_json
from parp_espnet.phones.spelled import are_letters, are_pieces, holds_words
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import called, from_recipe
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.tokens import BLANK, END, UNKNOWN
from parp_espnet.upstreams.starts import (
    BUNDLE,
    CONFIG,
    RECOGNISER,
    RECOGNISER_FILES,
    SUMMARY,
    is_experiment,
    is_left_by_training,
)

TAKEN = (
    "the directory of a complete experiment of phn.sh, a model file in it, or what parp-export "
    "made of one (a bundle, ONNX or OpenVINO)"
)


class Kind(StrEnum):
    """What the tokens of a model are; of single letters it may be phones as well."""

    PHONES = "phones"
    LETTERS = "letters"
    SUBWORDS = "subwords"


def resolve_aligner(settings: Settings, recipe: Path) -> Path:
    """Return the model that aligns, as the recipe's directory sees it: one of the text's tokens,
    of letters or subwords where that is in words.

    Raises `UserError` as `resolve_model`.
    """
    assert settings.align_with is not None
    is_of_phones = settings.tokens is TokenType.PHN
    kinds = (Kind.PHONES,) if is_of_phones else (Kind.LETTERS, Kind.SUBWORDS)
    return Path(resolve_model(settings, "align_with", settings.align_with, recipe, kinds))


def resolve_labels_of(settings: Settings, recipe: Path) -> str:
    """Return the model that labels, as the recipe's directory sees it: one of the tokens that are
    trained on.

    Raises `UserError` as `resolve_model`.
    """
    kind = Kind.PHONES if settings.tokens is TokenType.PHN else Kind.LETTERS
    return resolve_model(settings, "labels_of", Path(str(settings.labels_of)), recipe, (kind,))


def resolve_model(
    settings: Settings, option: str, given: Path, recipe: Path, kinds: Sequence[Kind]
) -> str:
    """Return the path of a trained model as the recipe's directory sees it; an experiment may be
    called as its recipe does.

    Raises `UserError` where it is not there, not complete, or of no such tokens; in a dry run it
    may be made by then.
    """
    path = called(given, recipe, settings.expdir)
    if not settings.dry_run:
        said = f"phn.sh: --{option} {given}"
        _check_model(said, path)
        _check_tokens(said, settings.tokens, kinds, _tokens_of(path))
    return from_recipe(recipe, path)


def _check_model(said: str, path: Path) -> None:
    if not path.exists():
        raise UserError(f"{said}: expected {TAKEN}, found no such file or directory")
    if _is_exported(path) or (path.is_file() and is_experiment(path)):
        return
    if not path.is_dir() or not is_left_by_training(path):
        raise UserError(f"{said}: expected {TAKEN}, found none of them")
    for name in (SUMMARY, CONFIG, _model_of(path)):
        if not (path / name).is_file():
            raise UserError(
                f"{said}: expected a complete experiment of phn.sh, found no {name} in it: give "
                f"the command that trains it again"
            )


def _is_exported(path: Path) -> bool:
    if path.is_dir():
        return (path / BUNDLE).is_file() or (path / RECOGNISER).is_file()
    return path.suffix in RECOGNISER_FILES and (path.parent / RECOGNISER).is_file()


def _model_of(experiment: Path) -> str:
    """The name of the model that a training ended with."""
    try:
        content = read_json(experiment / SUMMARY)
    except UserError:
        return MODEL
    name = content.get("model") if isinstance(content, dict) else None
    return name if isinstance(name, str) and name == Path(name).name else MODEL


def _check_tokens(
    said: str, wanted: TokenType, kinds: Sequence[Kind], tokens: Sequence[str]
) -> None:
    found = _kinds_of(tokens)
    if tokens and not any(kind in found for kind in kinds):
        raise UserError(
            f"{said}: expected a model of {' or '.join(kinds)}, for --token_type {wanted}, found "
            f"one of {found[0]}"
        )


def _kinds_of(tokens: Sequence[str]) -> Sequence[Kind]:
    if are_pieces(tokens):
        return (Kind.SUBWORDS,)
    if holds_words(tokens):
        return (Kind.LETTERS,)
    return (Kind.PHONES, Kind.LETTERS) if are_letters(tokens) else (Kind.PHONES,)


def _tokens_of(path: Path) -> Sequence[str]:
    """The tokens of a model; none where what has them is damaged: who opens it says so."""
    folder = path if path.is_dir() else path.parent
    tokens: Any = None
    try:
        for name in (BUNDLE, RECOGNISER):
            if (folder / name).is_file():
                tokens = read_json(folder / name)["tokens"]
                break
        else:
            tokens = parse_yaml((folder / CONFIG).read_text(encoding="utf-8"))["token_list"]
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return ()
    if not isinstance(tokens, list):
        return ()
    return [str(token) for token in tokens if token not in (BLANK, UNKNOWN, END)]
