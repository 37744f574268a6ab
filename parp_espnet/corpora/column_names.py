"""The names that columns of tables have, by what is in them, and what looks like a recording."""

import re
from collections.abc import Mapping, Sequence
from itertools import filterfalse
from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import combining, normalize

MILLISECONDS: Mapping[str, tuple[str, ...]] = {
    "begin": (
        "start_ms",
        "begin_ms",
        "offset_ms",
        "start_time_ms",
        "begin_time_ms",
        "begin_time_msec",
    ),
    "end": ("end_ms", "stop_ms", "end_time_ms", "stop_time_ms", "end_time_msec"),
    "duration": ("duration_ms", "dur_ms", "duration_msec"),
}
"""Columns of times that are not in seconds, ELAN's among them."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    # The first few are those that messages show.
    "audio": (
        "audio", "path", "file", "file_name", "filename", "wav", "wav_filename", "audio_filepath",
        "audio_file",
        "recording", "audio_path", "audio_filename", "audio_file_name", "wav_file", "wav_path",
        "file_path", "clip",
        "clip_path", "recording_file", "sound", "sound_file", "media_file",
        # Spanish, French, Portuguese, Italian; accents do not matter.
        "archivo", "archivo_de_audio", "archivo_audio", "fichero", "fichero_de_audio", "grabacion",
        "nombre_de_archivo", "nombre_del_archivo", "fichier", "fichier_audio", "fichier_son",
        "nom_du_fichier",
        "nom_de_fichier", "enregistrement", "arquivo", "arquivo_de_audio", "arquivo_audio",
        "ficheiro",
        "ficheiro_de_audio", "nome_do_arquivo", "nome_do_ficheiro", "gravacao",
        "registrazione", "nome_del_file", "file_audio",
    ),
    "text": (
        "text", "sentence", "transcript", "transcription", "phones", "orthography",
        "normalized_text",
        "normalized_transcription", "normalized_transcript", "phonemes", "ipa", "phonetic",
        "phonetic_transcription",
        "orthographic_transcription", "transcribed_text", "transcripcion",
        "transcripcion_ortografica",
        "transcripcion_fonetica", "ortografia", "texto", "transcription_orthographique",
        "transcription_phonetique",
        "orthographe", "texte", "transcricao", "transcricao_ortografica", "transcricao_fonetica",
        "trascrizione", "testo",
    ),
    "speaker": (
        "speaker", "speaker_id", "client_id", "spk", "spk_id", "speaker_name", "speaker_code",
        "participant",
        "participant_id", "reader", "reader_id", "consultant", "informant", "talker", "talker_id",
        "user_id",
        "hablante", "locutor", "locutora", "informante", "participante", "consultante", "locuteur",
        "locutrice",
        "informateur", "informatrice", "falante", "colaborador", "parlante",
    ),
    "begin": (
        "offset", "start", "begin", "start_time", "begin_time", "start_s", "begin_s", "start_sec",
        "tmin", "xmin",
        "onset", "inicio", "debut", *MILLISECONDS["begin"], "begin_time_hhmmssms",
        "begin_time_ssmsec",
    ),
    "end": (
        "end", "stop", "end_time", "stop_time", "end_s", "end_sec", "tmax", "xmax", "fin", "fim",
        *MILLISECONDS["end"], "end_time_hhmmssms", "end_time_ssmsec",
    ),
    "duration": (
        "duration", "dur", "duracion", "duree", "duracao", *MILLISECONDS["duration"],
        "duration_hhmmssms",
        "duration_ssmsec",
    ),
    "split": ("split", "subset"),
    "channel": ("channel", "channel_id", "chan", "canal"),
}  # fmt: skip
"""The names that columns may have, of the corpora that people use: Common Voice's, Coqui's and
DeepSpeech's, Hugging Face's metadata, NeMo's manifests, and linguists' tables. Case, spaces, dashes
and accents do not matter.
"""

LESS_KNOWN: Mapping[str, tuple[str, ...]] = {
    "text": (
        "word",
        "phrase",
        "phonemic_form",
        "phonetic_form",
        "palabra",
        "frase",
        "oracion",
        "mot",
        "palavra",
    ),
}
"""Names that count where no other is known."""

SOUNDS = frozenset(
    {
        ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".sph", ".aif", ".aiff", ".aifc", ".au",
        ".snd", ".w64", ".rf64", ".caf", ".ark", ".m4a", ".m4b", ".mp4", ".aac", ".wma", ".webm",
        ".amr", ".3gp", ".mka", ".mov", ".raw", ".pcm", ".nist", ".mp2", ".ac3", ".alac", ".ape",
        ".wv", ".spx",
    }
)  # fmt: skip
"""What the names of recordings end in, of kinds that are read and of others."""


def is_recording(cell: str) -> bool:
    """Whether a cell holds what looks like the name of a recording."""
    return PurePosixPath(cell.strip()).suffix.lower() in SOUNDS


def name_of(audio: str) -> str:
    """Return the path of a recording without its ending, with slashes."""
    path = PureWindowsPath(audio) if "\\" in audio else PurePosixPath(audio)
    ending = path.suffix if path.suffix.lower() in SOUNDS else ""
    return path.as_posix().removesuffix(ending)


def squeezed(name: str) -> str:
    """Return a column's name as it is compared: "Audio File", audio_file and AudioFile are one."""
    bare = "".join(filterfalse(combining, normalize("NFKD", name)))
    return re.sub(r"[\W_]+", "", bare).lower()


def _roles() -> Mapping[str, str]:
    roles: dict[str, str] = {}
    for role, names in KNOWN.items():
        roles |= dict.fromkeys(map(squeezed, names), role)
    return roles


ROLES = _roles()
"""What a column holds, by its name as it is compared."""


def count_known(first: Sequence[str]) -> int:
    """Return how many cells of a first row are names of columns that are known, or recordings."""
    return sum(squeezed(cell) in ROLES or is_recording(cell) for cell in first)
