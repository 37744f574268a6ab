"""Check all options of `phn.sh` at once and print what it needs as shell variables."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from parp_espnet.corpora.table import CORPORA, FOLDERS, NONE
from parp_espnet.errors import command
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.decoding import LM_MODEL, Decoding
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import MODEL, STAGES, Settings
from parp_espnet.pipeline.shell import plain, plain_settings, settings_json, show_plan


@command
def main() -> None:
    """Print one `name=value` a line, quoted for the shell."""
    settings = read(sys.argv[1:])
    show_plan(variables(settings), options(settings), STAGES)


def variables(settings: Settings) -> dict[str, str]:
    """Return the settings, and the names that follow from them, as the shell wants them."""
    decoding = Decoding(settings)
    derived = settings.mask_variables | {
        "project": os.path.relpath(ROOT, settings.recipe),
        "model": MODEL,
        "ranks": str(settings.ranks),
        "train_set": settings.train_name,
        "train_dump": settings.train_dump,
        "decode": decoding.name,
        "beam": str(decoding.beam),
        "search_beam": str(max((one.beam for one in decoding.searches), default=1)),
        "uses_lm": plain(decoding.uses_lm),
        "uses_ngram": plain(decoding.uses_ngram),
        "lm_dir": decoding.lm_directory,
        "lm_model": LM_MODEL,
        "lm_text": decoding.lm_text,
        "ngram_file": decoding.ngram_file,
        "upstream_dir": f"{settings.expdir}/upstreams/{settings.upstream_name}",
        "stages": " ".join(str(number) for number in STAGES if not settings.skips(number)),
        "settings": settings_json(settings),
    }
    return plain_settings(settings) | derived


def options(settings: Settings) -> dict[str, list[str]]:
    """Return what the shell passes on to other commands, each as an array."""
    decoding = Decoding(settings)
    speeds = [f"{speed:g}" for speed in settings.speeds]
    changed = [f"{name}={value:g}" for name, value in settings.upstream_settings.items()]
    made = settings.corpus != NONE
    return {
        **{f"{split}_options": settings.set_options(split) if made else [] for split in ("train", "dev", "test")},
        "inventory_options": settings.check_options,
        "corpus_inputs": [word for path in _corpus_folders(settings) for word in ("--tree", path)],
        "speed_options": ["--speeds", *speeds] if speeds else [],
        "upstream_options": [word for setting in changed for word in ("--set", setting)],
        "pool_options": settings.pool_options,
        "score_options": settings.score_options,
        "decodings": decoding.names,
        "searches": [one.name for one in decoding.searches],
        "tunes": [plain(one.tunes) for one in decoding.searches],
        **_search_options(decoding, ""),
        **{
            name: words
            for number, one in enumerate(decoding.searches)
            for name, words in _search_options(one, f"_{number}").items()
        },
    }


def _search_options(decoding: Decoding, ending: str) -> dict[str, list[str]]:
    """What a search is told: its language models, as options and as inputs, and the weights that are given."""
    files = decoding.model_files
    return {
        f"models{ending}": [word for pair in files.items() for word in pair],
        f"model_inputs{ending}": [word for file in _opened(files) for word in ("--input", file)],
        f"weight_options{ending}": [
            word for name, value in decoding.given_weights.items() for word in (f"--{name}", f"{value:g}")
        ],
    }


def _opened(files: Mapping[str, str]) -> list[str]:
    """The files of language models: ESPnet's has its configuration beside it."""
    beside = [str(Path(file).with_name("config.yaml")) for option, file in files.items() if option == "--lm"]
    return [*files.values(), *beside]


def _corpus_folders(settings: Settings) -> list[str]:
    """The folders (or files) that a corpus is read from, as the recipe sees them; their changes matter."""
    if settings.corpus == NONE:
        return []
    found = []
    for option in CORPORA[settings.corpus].options:
        folder = getattr(settings, option) if option in FOLDERS else None
        if folder is not None:
            found += [str(part) for part in _parts(settings, option, folder)]
    return found


def _parts(settings: Settings, option: str, folder: Path) -> list[Path]:
    """What is read of a corpus that holds more: the language, or the sets."""
    if option == "commonvoice":
        names = [settings.lang or ""]
    elif option == "librispeech":
        names = [name.replace("_", "-") for name in (settings.valid_set, settings.test_set)]
    else:
        names = []
    there = [folder / name for name in dict.fromkeys(names) if name and (settings.recipe / folder / name).is_dir()]
    return there or [folder]


if __name__ == "__main__":
    main()
