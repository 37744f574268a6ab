"""`--align_with`: the model that long recordings are aligned by is there, complete, and of the
tokens that the texts have.
"""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import parse_yaml
from parp_espnet.phones.spelled import are_letters, holds_words
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import from_recipe
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.tokens import BLANK, END, UNKNOWN
from parp_espnet.upstreams.starts import BUNDLE, CONFIG, SUMMARY, is_experiment

BEGUN = (CONFIG, "experiment.json", "train.yaml")
"""What an experiment has whose training may not have ended."""
EXPORTED = (BUNDLE, "recogniser.json")


def resolve_aligner(settings: Settings, recipe: Path) -> Path:
    """Return the model's path as the recipe's directory sees it; an experiment may be called as its
    recipe does.

    Raises `UserError` where it is not there, not complete, or of other tokens; in a dry run it may
    be made by then.
    """
    given = settings.align_with
    assert given is not None
    path = given if given.exists() else recipe / given
    if not settings.dry_run:
        _check(settings, given, path)
    return Path(from_recipe(recipe, path))


def _check(settings: Settings, given: Path, path: Path) -> None:
    option = f"phn.sh: --align_with {given}"
    if not path.exists():
        raise UserError(f"{option}: no such file or directory")
    if path.is_dir() and any((path / name).is_file() for name in EXPORTED):
        return
    if path.is_dir() and any((path / name).is_file() for name in BEGUN):
        for name in (SUMMARY, MODEL):
            if not (path / name).is_file():
                raise UserError(
                    f"{option}: expected a complete experiment of phn.sh, found no {name} in it: "
                    f"give the command that trains it again"
                )
    elif not is_experiment(path):
        raise UserError(
            f"{option}: expected the directory of a complete experiment of phn.sh, or what "
            f"parp-export made of one, found neither"
        )
    folder = path if path.is_dir() else path.parent
    _check_tokens(option, settings.tokens, folder / CONFIG)


def _check_tokens(option: str, wanted: TokenType, config: Path) -> None:
    tokens = _tokens_of(config)
    if not tokens:
        return
    is_of_words = holds_words(tokens)
    in_words = wanted is not TokenType.PHN
    if is_of_words and not in_words:
        raise UserError(
            f"{option}: expected a model of phones, as --token_type {wanted} has, found one of "
            f"letters or subwords"
        )
    if in_words and not is_of_words and not are_letters(tokens):
        raise UserError(
            f"{option}: expected a model of letters or subwords, for --token_type {wanted}, found "
            f"one of phones"
        )


def _tokens_of(config: Path) -> Sequence[str]:
    """The tokens of a training; none where its configuration is not what ESPnet leaves."""
    try:
        content = parse_yaml(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    tokens = content.get("token_list") if isinstance(content, dict) else None
    return [str(token) for token in tokens or () if token not in (BLANK, UNKNOWN, END)]
