"""Stage 2, with `--align_with`: recordings that are too long to train on are aligned with their
texts by a model, and cut.

What comes out is a data directory whose `segments` say where the pieces are; no recording is
written.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.aligning.cuts import Limits
from parp_espnet.aligning.pieces import LEAST, cut_text
from parp_espnet.aligning.units import Reader, Spelled, Unit
from parp_espnet.corpora.rejects import Reject, Why, count_rejects, write_rejects
from parp_espnet.errors import UserError
from parp_espnet.phones.spelled import SPACE, holds_words
from parp_espnet.pipeline.cut_tables import Cutting, write_cut
from parp_espnet.pipeline.sources import Source, read_sources, table_of
from parp_espnet.progress import bar
from parp_espnet.recognition.audio import Excerpt, Failure
from parp_espnet.recognition.audio import Source as Heard
from parp_espnet.recognition.hearing import Hearing, Recording
from parp_espnet.recognition.listening import Listener
from parp_espnet.sound.errors import SoundError
from parp_espnet.sound.reader import open_sound

SHOWN = 40
"""Letters of a text that are shown of it."""


@dataclass(frozen=True)
class Long:
    """An utterance that is too long, its seconds, and its text."""

    source: Source
    seconds: float
    text: str


def cut_data(
    data: Path,
    out: Path,
    model: Path,
    longest: float,
    allow_pipes: bool = False,
    needed: bool = False,
    device: str = "cpu",
) -> str:
    """Write `out`, a data directory with pieces of at most `longest` seconds in place of what is
    longer in `data`, and with all else as it is; return a line about it.

    What could not be aligned is in `rejected.tsv`, with the reason.

    Args:
        model: a model of the first round: an experiment, or what was exported of one.
        allow_pipes: run the commands of `wav.scp`, because it is trusted.
        needed: whether something has to be longer.

    Raises `UserError` where a file is missing or malformed, nothing is longer, the model cannot
    spell the texts, or no piece is left.
    """
    texts = table_of(data, "text")
    sources = read_sources(data, allow_pipes)
    long, most = _find_long(sources, texts, longest)
    if not long:
        if needed:
            raise UserError(
                f"{data}: --align_with: expected recordings longer than {longest:g} s to cut, "
                f"found none (the longest has {most:.1f} s); leave the option out"
            )
        write_cut(data, out, sources, texts, Cutting())
        return f"{out}: nothing is longer than {longest:g} s; all of {data} as it is"
    cutting = _cut(data, long, model, device, Limits(longest))
    _check_ids(data, texts, cutting)
    if not cutting.parts:
        write_rejects(out / "rejected.tsv", cutting.rejected)
        first = cutting.rejected[0]
        raise UserError(
            f"{data}: --align_with {model}: no piece of {len(long)} long recordings could be "
            f"aligned ({out / 'rejected.tsv'} has the reasons); the first: {first.item}: "
            f"{first.reason}; are these their texts, and is the model good enough?"
        )
    taken = {utterance.source.id for utterance in long}
    others = [source for source in sources if source.id not in taken]
    kept = {name: text for name, text in texts.items() if name not in taken}
    write_cut(data, out, others, kept, cutting)
    return _told(out, long, cutting, len(others), longest)


def _told(out: Path, long: Sequence[Long], cutting: Cutting, others: int, longest: float) -> str:
    minutes = sum(utterance.seconds for utterance in long) / 60
    left = ""
    if cutting.rejected:
        left = f"; {count_rejects(cutting.rejected)}, see {out / 'rejected.tsv'}"
    return (
        f"{out}: {len(long)} longer than {longest:g} s ({minutes:.1f} min) became "
        f"{len(cutting.parts)} utterances ({cutting.seconds / 60:.1f} min); {others} others as "
        f"they are{left}"
    )


def _find_long(
    sources: Sequence[Source], texts: Mapping[str, str], longest: float
) -> tuple[list[Long], float]:
    """The utterances that are longer, and the seconds of the longest."""
    long: list[Long] = []
    most = 0.0
    lengths: dict[str, float] = {}
    for source in sources:
        text = texts.get(source.id)
        if not text:
            continue
        if source.recording not in lengths:
            lengths[source.recording] = _length(source)
        end = lengths[source.recording]
        if source.end is not None:
            end = min(end, source.end)
        seconds = end - (source.begin or 0.0)
        most = max(most, seconds)
        if seconds > longest:
            long.append(Long(source, seconds, text))
    return long, most


def _length(source: Source) -> float:
    try:
        with open_sound(source.recording) as sound:
            return sound.frames() / sound.rate
    except SoundError as error:
        raise UserError(f"utterance {source.id}: cannot read {error}") from None


def _cut(data: Path, long: Sequence[Long], model: Path, device: str, limits: Limits) -> Cutting:
    from parp_espnet.export.opened import open_model  # noqa: PLC0415  # it takes seconds

    listener, _ = open_model(model, device, searched=False)
    _check_kind(data, long, model, listener)
    reader = Reader(listener.tokens)
    spelled = {utterance.source.id: reader.read(utterance.text) for utterance in long}
    cutting = Cutting()
    able = _spellable(data, long, spelled, cutting)
    if not able:
        raise UserError(
            f"{data}: --align_with {model}: {cutting.rejected[0].reason}; so it is with all "
            f"{len(long)} long recordings"
        )
    sources: list[Heard | Failure] = []
    for utterance in able:
        source = utterance.source
        part = Excerpt(source.recording, source.begin, source.end, source.channel)
        sources.append(Heard(Path(source.recording), Path(source.id), part))
    total = math.ceil(sum(utterance.seconds for utterance in able))
    with bar(total, f"align {data}", unit="s") as shown:
        known = 0.0

        def done(seconds: float) -> None:
            nonlocal known
            known += seconds
            shown.update(min(total, math.ceil(known)) - shown.n)

        hearing = Hearing(listener, done=done)
        for utterance, heard in zip(able, hearing.hear(sources), strict=True):
            if isinstance(heard, Failure):
                cutting.rejected.append(_reject(data, utterance.source.id, Why.AUDIO, heard.reason))
                continue
            units = spelled[utterance.source.id].units
            _add(data, utterance, heard[1], listener, units, reader, limits, cutting)
    return cutting


def _check_kind(data: Path, long: Sequence[Long], model: Path, listener: Listener) -> None:
    """Raise `UserError` where the model is of letters or words, and the texts of phones, or the
    other way round.
    """
    in_words = any(SPACE in utterance.text.split() for utterance in long)
    kinds = {True: "letters, with words", False: "phones"}
    has_words = holds_words(listener.tokens)
    if has_words != in_words:
        raise UserError(
            f"{data}: --align_with {model}: expected a model of {kinds[in_words]}, as the texts "
            f"are, found one of {kinds[has_words]}"
        )


def _spellable(
    data: Path, long: Sequence[Long], spelled: Mapping[str, Spelled], cutting: Cutting
) -> list[Long]:
    """Return the utterances whose texts the model can spell, or most of it; reject the others."""
    able: list[Long] = []
    for utterance in long:
        found = spelled[utterance.source.id]
        if found.units and not found.too_strange:
            able.append(utterance)
            continue
        named = ", ".join(dict.fromkeys(found.unknown))
        reason = (
            f"expected a text that the model can spell, found no tokens for {named} "
            f"({len(found.unknown)} in {_begin(utterance.text)!r})"
        )
        cutting.rejected.append(_reject(data, utterance.source.id, Why.TEXT, reason))
    return able


def _add(
    data: Path,
    utterance: Long,
    recording: Recording,
    listener: Listener,
    units: Sequence[Unit],
    reader: Reader,
    limits: Limits,
    cutting: Cutting,
) -> None:
    """Take the pieces of an utterance, and reject those that are not sure."""
    source = utterance.source
    try:
        pieces = cut_text(recording, listener.grid, units, limits)
    except ValueError as error:
        cutting.rejected.append(_reject(data, source.id, Why.SHORT, str(error)))
        return
    digits = max(4, len(str(len(pieces))))
    for number, piece in enumerate(pieces, start=1):
        name = f"{source.id}-{number:0{digits}d}"
        text = reader.write(units[piece.first : piece.last])
        offset = source.begin or 0.0
        begin, end = round(offset + piece.begin, 3), round(offset + piece.end, 3)
        fault = _fault(begin, end, piece.confidence, text, limits)
        if fault is not None:
            cutting.rejected.append(_reject(data, name, *fault))
            continue
        cutting.parts[name] = Source(name, source.recording, begin, end, source.channel)
        cutting.texts[name] = text
        cutting.whole[name] = source.id


def _fault(
    begin: float, end: float, confidence: float, text: str, limits: Limits
) -> tuple[Why, str] | None:
    """Why a piece is left out, and in words; None where it is not."""
    where = f"from {begin:.2f} to {end:.2f} s, found"
    shown = f"for {_begin(text)!r}"
    if end - begin > limits.longest + 0.001:
        found = f"{end - begin:.1f} s {shown}"
        return Why.UNCUT, f"expected a place to cut within {limits.longest:g} s {where} {found}"
    if confidence < LEAST:
        found = f"{confidence:.2f} {shown}"
        return Why.UNSURE, f"expected a confidence of {LEAST:g} or more {where} {found}"
    return None


def _reject(data: Path, item: str, why: Why, reason: str) -> Reject:
    return Reject(str(data / "text"), item, why, reason)


def _begin(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _check_ids(data: Path, texts: Mapping[str, str], cutting: Cutting) -> None:
    for name, whole in cutting.whole.items():
        if name in texts:
            raise UserError(
                f"{data}/text: a piece of {whole} would be {name}, which is there already; give "
                f"that another id"
            )
