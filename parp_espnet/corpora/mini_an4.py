"""The seven utterances of AN4 that come inside ESPnet's own wheel: real English speech, to run a
recipe on, not to learn from.

Train and test are the wheel's lists; the last utterance of train is dev. The phones are eSpeak NG's
of the text, as a speaker of US English is expected to say it, cleaned as everywhere. They are not
what an annotator heard.

AN4 (the CMU Census database) is Copyright (c) 1991-2005 Carnegie Mellon University, free for any
purpose as long as its notice stays with it; `read` puts the notice beside the recordings.
"""

import importlib.util
import re
import tarfile
from pathlib import Path

from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.names import file_name
from parp_espnet.phones.espeak import Synthesiser
from parp_espnet.phones.ipa import clean
from parp_espnet.sound.channels import mono
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.wav import write_wav

SPLITS = ("train", "dev", "test")
LANGUAGE = "en"

_ARCHIVE = Path("mini_an4") / "esp2_asr" / "downloads.tar.gz"
_ROOT = Path("downloads") / "an4"
LINE = re.compile(r"(?:<s> )?(?P<text>[^<(]*?) (?:</s> )?\((?P<name>[^)]+)\)")


def read(split: str, wavs: Path) -> list[Utterance]:
    """Return the utterances of a set (one of `SPLITS`), having written their recordings into the
    directory `wavs`.

    Raises `UserError` when the installed ESPnet has no AN4 in it.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    wavs.mkdir(parents=True, exist_ok=True)
    with tarfile.open(_archive()) as archive:
        (wavs / "LICENSE").write_bytes(_member(archive, _ROOT / "LICENSE"))
        return [_utterance(archive, path, text, wavs) for path, text in _listed(archive, split)]


def _archive() -> Path:
    # Only looked up: importing egs3 would import a good part of ESPnet.
    package = importlib.util.find_spec("egs3")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / _ARCHIVE
        if path.is_file():
            return path
    raise UserError(
        f"no AN4 in the installed ESPnet: expected egs3/{_ARCHIVE} in its wheel; install espnet "
        f"202611"
    )


def _member(archive: tarfile.TarFile, path: Path) -> bytes:
    file = archive.extractfile(str(path))
    if file is None:
        raise UserError(f"AN4 in ESPnet's wheel: {path} is no file; reinstall espnet")
    return file.read()


def _listed(archive: tarfile.TarFile, split: str) -> list[tuple[Path, str]]:
    """The path below `wav/` and the text of each utterance of a set."""
    listing = "test" if split == "test" else "train"
    paths = _member(archive, _ROOT / "etc" / f"an4_{listing}.fileids").decode().split()
    lines = _member(archive, _ROOT / "etc" / f"an4_{listing}.transcription").decode().splitlines()
    texts = {}
    for match in filter(None, map(LINE.fullmatch, lines)):
        texts[match["name"]] = match["text"]
    listed = [(Path(path), texts[Path(path).name]) for path in paths]
    return {"train": listed[:-1], "dev": listed[-1:], "test": listed}[split]


def _utterance(archive: tarfile.TarFile, path: Path, text: str, wavs: Path) -> Utterance:
    """`path` is like an4_clstk/fash/an251-fash-b: microphone and set, speaker, utterance."""
    speaker = path.parent.name
    id_ = f"{speaker}-{path.name}"
    sphere, wav = wavs / file_name(id_, ".sph"), wavs / file_name(id_, ".wav")
    sphere.write_bytes(_member(archive, _ROOT / "wav" / path.with_suffix(".sph")))
    with open_sound(sphere) as sound:
        rate, samples = sound.rate, mono(sound.read())
    sphere.unlink()
    write_wav(wav, samples, rate)
    with Synthesiser("en") as synthesiser:
        _, clauses = synthesiser.speak(text.lower())
    return Utterance(
        id_, speaker, LANGUAGE, str(wav), clean("en", clauses), text, len(samples) / rate
    )
