"""Check all options of `phn.sh` at once and print what it needs as shell variables."""

import os
import sys

from parp_espnet.corpora.layouts import listing
from parp_espnet.corpora.table import NONE
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
        "inventory_options": [
            *([] if settings.inventory is None else ["--lang", settings.inventory]),
            *(["--ignore", "words"] if settings.holds_letters or settings.words_as_tokens else []),
        ],
        "corpus_inputs": [word for path in _listing(settings) for word in ("--input", path)],
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
        f"model_inputs{ending}": [word for file in files.values() for word in ("--input", file)],
        f"weight_options{ending}": [
            word for name, value in decoding.given_weights.items() for word in (f"--{name}", f"{value:g}")
        ],
    }


def _listing(settings: Settings) -> list[str]:
    """The files that say what a corpus of one's own holds, as the recipe sees them; their changes matter."""
    if settings.own is None or settings.corpus != "own":
        return []
    root = settings.recipe / settings.own
    return [str(settings.own / file.relative_to(root)) for file in listing(root)]


if __name__ == "__main__":
    main()
