"""Synthetic speech, any amount of it."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from parp_espnet.corpora.known.corpus import Corpus, Minutes, Row, new_folder
from parp_espnet.corpora.rejects import Made
from parp_espnet.data.kaldi import Utterance
from parp_espnet.names import file_name
from parp_espnet.phones.espeak import LANGUAGES

if TYPE_CHECKING:
    from parp_espnet.corpora.speech import Spoken


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import cldr  # noqa: PLC0415
    from parp_espnet.corpora.speech import SAMPLE_RATE  # noqa: PLC0415
    from parp_espnet.sound.wav import write_wav  # noqa: PLC0415

    wavs = new_folder(options.out / "wav")
    utterances: list[Utterance] = []
    for language in options.lang.split():
        generated = cldr.generate(
            language, options.set, options.minutes, options.seed, options.jobs
        )
        with closing(generated) as spoken:
            for said in _shown(spoken, options.minutes, f"{language} {options.set}"):
                wav = wavs / file_name(said.id, ".wav")
                write_wav(wav, said.samples, SAMPLE_RATE, sync=False)
                utterances.append(
                    Utterance(
                        id=said.id,
                        speaker=said.speaker,
                        language=said.language,
                        wav=str(wav),
                        phones=said.phones,
                        text=said.text,
                        duration=said.duration,
                    )
                )
    return Made(utterances)


def _shown(spoken: "Iterator[Spoken]", minutes: float, label: str) -> "Iterator[Spoken]":
    """Show how many seconds of speech there are of those asked for, and the time left."""
    from parp_espnet.progress import bar  # noqa: PLC0415

    with bar(round(60 * minutes), label, unit="s") as shown:
        done = 0.0
        for said in spoken:
            yield said
            done += said.duration
            shown.update(min(round(done), round(60 * minutes)) - shown.n)


def _row(speech: str) -> Row:
    return Row(speech, "the synthesiser's own", "nothing")


CORPUS = Corpus(
    name="cldr",
    what="synthetic speech, any amount of it",
    make=_make,
    needs=("lang", "minutes"),
    takes=("seed", "jobs"),
    recipes={
        **{
            f"cldr/{code}": _row(f"{language.name}, synthetic, any amount")
            for code, language in LANGUAGES.items()
        },
        "cldr/joint": _row("ten of these languages in one run, synthetic"),
    },
    languages={code: code for code in LANGUAGES},
    several_languages=True,
    unknown_language="no voice for it",
    minutes=Minutes(10.0, 2.0, 6.0),
    libraries=("babel", "espeakng-loader", "soxr"),
)
