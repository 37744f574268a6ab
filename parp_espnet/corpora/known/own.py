"""Recordings of one's own."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from parp_espnet.corpora.known.corpus import (
    OF_SETS,
    Corpus,
    Folder,
    Minutes,
    Note,
    Row,
    new_folder,
)
from parp_espnet.corpora.known.phonemise import chosen, is_language
from parp_espnet.corpora.rejects import Made
from parp_espnet.data.marks import Marks
from parp_espnet.phones.espeak import VOICES
from parp_espnet.sound.mp3 import Mp3Times


@dataclass(frozen=True)
class Options:
    """Where they are, and what their lists and texts hold."""

    own: Annotated[
        Path | None,
        "recordings of your own: Kaldi directory, folder, or table; see egs2/own",
        Folder(
            "a Kaldi directory, a folder of recordings with transcripts, or a table of both",
            published=False,
        ),
    ] = None
    phonemise: Annotated[
        str | None,
        "language of eSpeak NG in which the text is phonemised, table from spelling to phones, or "
        "letters",
        Note.FOR_ANY,
    ] = None
    audio_column: Annotated[
        str | None, "column of a table of --own that has the recordings: its name, or number"
    ] = None
    text_column: Annotated[
        str | None, "column that has the texts, where it is not known by its name"
    ] = None
    speaker_column: Annotated[str | None, "column that has the speakers"] = None
    tier: Annotated[
        str | None, "tier of files of ELAN's and Praat's that has the text, where there are several"
    ] = None
    mp3_times: Annotated[
        str,
        f"times of TextGrids of mp3s in --own: {', '.join(Mp3Times)} (as Praat shows them); see "
        f"egs2/own",
        Mp3Times,
    ] = Mp3Times.DECODED.value
    marks: Annotated[
        str, f"[laughter], xxx, … in texts of --own: {', '.join(Marks)}; see egs2/own", Marks
    ] = Marks.DROP.value
    words_as_tokens: Annotated[
        bool, "the text holds words, and words are recognised in place of phones", Note.FOR_ANY
    ] = False


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import own  # noqa: PLC0415
    from parp_espnet.corpora.columns import Told  # noqa: PLC0415
    from parp_espnet.corpora.sets import How  # noqa: PLC0415

    told = Told(
        options.audio_column,
        options.text_column,
        options.speaker_column,
        options.tier,
        as_praat=options.mp3_times == Mp3Times.PRAAT,
    )
    asked = {"train": options.of_train, "dev": options.of_dev, "test": options.of_test}
    minutes = {split: value for split, value in asked.items() if value is not None}
    marks = Marks(options.marks or Marks.DROP)
    how = How(told, marks, options.words_as_tokens == "true", minutes)
    return own.read(
        root=options.own,
        split=options.set,
        wavs=new_folder(options.out / "wav"),
        language=options.lang,
        phonemise=options.phonemise,
        minutes=options.minutes,
        how=how,
    )


def _complete(told: Any) -> Any:
    kind = chosen(told.phonemise)
    # und is the code of a language that is not known.
    language = kind if is_language(kind) else "und"
    return replace(told, phonemise=kind, lang=told.lang or language)


def _inventory(corpus: Corpus, told: Any) -> str | None:
    """None where phones are the user's."""
    return told.phonemise if told.phonemise in VOICES else None


_YOUNGER = (
    *("audio_column", "text_column", "speaker_column", "tier", "mp3_times"),
    *("marks", "words_as_tokens"),
    *OF_SETS,
)
CORPUS = Corpus(
    name="own",
    what="recordings of one's own, in one of four layouts",
    make=_make,
    needs=("own", "lang"),
    takes=("minutes", "phonemise", *_YOUNGER),
    unsaid=_YOUNGER,
    options=Options,
    recipes={
        "own/mine": Row(
            "your own: Kaldi directory, folder or table",
            "your own, or a phonemiser's",
            "`--own PATH`",
        )
    },
    minutes=Minutes(None, None, None),
    libraries=("espeakng-loader",),
    of_user="own",
    complete=_complete,
    inventory=_inventory,
)
