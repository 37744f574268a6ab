"""What libsndfile does not decode and ffmpeg does, where there is an ffmpeg on PATH: m4a, aac, wma,
amr, mp4, …
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.sound.errors import SoundError, Trouble, what_it_is

INSTALL = "install it (such as apt-get install ffmpeg), or convert what needs it to wav or flac"
SUFFIXES = frozenset({
    ".m4a", ".m4b", ".mp4", ".mov", ".aac", ".wma", ".asf", ".amr", ".awb", ".3gp", ".3ga", ".webm",
    ".mka", ".mkv",
    ".weba", ".ac3", ".eac3", ".dts", ".ape", ".wv", ".tta", ".mpc", ".spx", ".ra", ".rm", ".shn",
    ".dss", ".avi",
    ".flv", ".mpg", ".mpeg", ".vob", ".ogv", ".dsf",
})  # fmt: skip
"""What a file ends with that ffmpeg decodes, or can where it is built so, and libsndfile does not.
"""

_BEGINNINGS = (
    b"\x30\x26\xb2\x75",  # ASF, so wma
    b"\x1aE\xdf\xa3",  # Matroska, webm
    b"#!AMR", b"#!SILK", b"MAC ", b"wvpk", b"TTA1", b"MP+", b"MPCK", b"ajkg", b".RMF", b".ra\xfd",
    b"\x0bw", b"\x02dss",
    b"\xff\xf1", b"\xff\xf9",  # aac
    b"\x7f\xfe\x80\x01", b"FLV\x01", b"DSD ", b"tBaK", b"ADIF",
)  # fmt: skip
_FTYP = slice(4, 8)
_CUT = re.compile(r"ended prematurely|partial file|[Tt]runcat")
_MANY = 5


def find_ffmpeg() -> str | None:
    """Return where ffmpeg is; None where it is not on PATH."""
    return shutil.which("ffmpeg")


def is_for_ffmpeg(path: Path) -> bool:
    """Whether a file is, by its name or its first bytes, of a kind that ffmpeg decodes and
    libsndfile does not.
    """
    if path.suffix.lower() in SUFFIXES:
        return True
    with path.open("rb") as file:
        begin = file.read(16)
    return begin[_FTYP] == b"ftyp" or begin.startswith(_BEGINNINGS)


def need_ffmpeg(recordings: Iterable[str]) -> None:
    """Raise `UserError`, which names the files, where some by their names need ffmpeg, and there is
    none.
    """
    if find_ffmpeg() is not None:
        return
    own = sorted({name for name in recordings if Path(name).suffix.lower() in SUFFIXES})
    if own:
        more = f", … ({len(own)} such)" if len(own) > _MANY else ""
        raise UserError(
            f"ffmpeg is not on PATH; expected it for {', '.join(own[:_MANY])}{more}: {INSTALL}"
        )


def decode(path: Path, out: Path, name: object) -> None:
    """Write the first stream of sound of a file to `out`, as a wave of 64 bit sizes, in float32.

    Raises `SoundError`, in which the recording is `name`: there is no ffmpeg, or it knows no sound
    in the file.
    """
    program = find_ffmpeg()
    if program is None:
        raise SoundError(
            name, Trouble.DECODER, "ffmpeg on PATH, which decodes this kind", "none", INSTALL
        )
    # A path may look like an option or an address.
    given = ["-protocol_whitelist", "file,pipe", "-i", f"file:{path}", "-map", "0:a:0"]
    with path.open("rb") as file:
        # A CAF out of a pipe ends with less than a packet of ffmpeg's, which is no damage.
        strict = [] if file.read(4) == b"caff" else ["-xerror"]
    made = ["-c:a", "pcm_f32le", "-f", "w64", "-y", f"file:{out}"]
    done = subprocess.run(
        [program, "-nostdin", "-hide_banner", "-v", "error", *strict, *given, *made],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    said = done.stderr.decode(errors="replace").strip().splitlines()
    words = re.sub(r"^\[[^\]]*\] ", "", said[0]) if said else "it said nothing"
    begun = out.is_file() and out.stat().st_size > 0
    if (done.returncode and begun) or (not done.returncode and _CUT.search(" ".join(said))):
        raise SoundError(
            name,
            Trouble.TRUNCATED,
            "a whole recording",
            f"less, as ffmpeg says: {words}",
            "copy it again",
        )
    if done.returncode:
        found = f"what it does not ({words})"
        raise SoundError(
            name, Trouble.UNDECODABLE, "what libsndfile or ffmpeg decodes", found, what_it_is(path)
        )
