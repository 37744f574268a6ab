"""A recipe's directory that was copied along with its data and experiments: these are another
language's.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import from_root
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pruning.origin import EXPERIMENT

FILES = (EXPERIMENT, "settings.json")
"""In which an experiment says which recipe made it, now and in older versions."""


def refuse_copy(settings: Experiment) -> None:
    """Raise `UserError` where experiments in the recipe are those of another one, which is still
    there.

    One that is gone was moved here; a whole checkout that was copied has its recipes where they
    were.
    """
    if Path(settings.expdir).is_absolute():
        return
    for file in _kept_in(settings.recipe / settings.expdir):
        maker = _maker(file)
        if maker is None or not _is_experiment(maker / settings.expdir / file.parent.name):
            continue
        here = Path(from_root(settings.recipe))
        original = file.parent.relative_to(settings.recipe)
        if not maker.samefile(settings.recipe) and (
            here.is_absolute() or not maker.match(str(here))
        ):
            raise UserError(
                f"{settings.PROGRAM}: {here}: its {original} was made by {maker}, which is still "
                "there: it was copied along, with data/ and dump/. Remove these three here; for "
                "another language, copy run.sh alone"
            )


def _kept_in(expdir: Path) -> Iterator[Path]:
    for name in FILES:
        yield from sorted(expdir.glob(f"*/{name}"))


def _is_experiment(directory: Path) -> bool:
    return any((directory / name).is_file() for name in FILES)


def _maker(file: Path) -> Path | None:
    """The recipe that made an experiment; None where that is not said."""
    try:
        loaded = json.loads(file.read_bytes())
        return Path(loaded.get("options", loaded)["recipe"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
