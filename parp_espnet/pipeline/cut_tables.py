"""The data directory that is left of one whose long recordings were cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parp_espnet.corpora.rejects import Reject, write_rejects
from parp_espnet.files import write_text
from parp_espnet.pipeline.sources import Source, table_of


@dataclass(frozen=True)
class Cutting:
    """What came of long utterances.

    Attributes:
        parts: where each piece is, by its id.
        texts: what is said in each.
        whole: of which utterance each is.
        rejected: what is left out.
    """

    parts: dict[str, Source] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    rejected: list[Reject] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Of all pieces together."""
        return sum((part.end or 0.0) - (part.begin or 0.0) for part in self.parts.values())


def write_cut(
    data: Path,
    out: Path,
    others: Sequence[Source],
    texts: Mapping[str, str],
    cutting: Cutting,
) -> None:
    """Write all tables of a directory, and remove those that an earlier one there had.

    Args:
        data: the directory that was cut.
        others: its utterances that stay as they are; `texts` are theirs.
    """
    recordings = table_of(data, "wav.scp")
    segments = table_of(data, "segments", needed=False)
    written = {source.id: segments.get(source.id, f"{source.id} 0 -1") for source in others}
    for name, part in cutting.parts.items():
        whole = cutting.whole[name]
        recording = segments[whole].split()[0] if segments else whole
        channel = "" if part.channel is None else f" {part.channel}"
        written[name] = f"{recording} {part.begin:.3f} {part.end:.3f}{channel}"
    used = {line.split()[0] for line in written.values()}
    of_others = {source.id for source in others}
    # What was written of a long recording is not what is said in its pieces.
    originals = table_of(data, "orig_text", needed=False)
    tables: dict[str, Mapping[str, str]] = {
        "wav.scp": {name: path for name, path in recordings.items() if name in used},
        "segments": written,
        "text": {**texts, **cutting.texts},
        "utt2spk": _of_pieces(data, "utt2spk", written, cutting),
        "utt2lang": _of_pieces(data, "utt2lang", written, cutting),
        "orig_text": {name: text for name, text in originals.items() if name in of_others},
        "reco2file_and_channel": table_of(data, "reco2file_and_channel", needed=False),
    }
    write_rejects(out / "rejected.tsv", cutting.rejected)
    for name, table in tables.items():
        if not table:
            (out / name).unlink(missing_ok=True)
            continue
        lines = [f"{key} {table[key]}".rstrip() + "\n" for key in sorted(table, key=str.encode)]
        write_text(out / name, "".join(lines))


def _of_pieces(
    data: Path, name: str, written: Mapping[str, str], cutting: Cutting
) -> Mapping[str, str]:
    """A table of the directory, in which a piece has what its utterance has. All utterances have a
    speaker: without one, a piece would be one of its own.
    """
    table = table_of(data, name, needed=False)
    made: dict[str, str] = {}
    for utterance in written:
        whole = cutting.whole.get(utterance, utterance)
        if whole in table:
            made[utterance] = table[whole]
        elif name == "utt2spk":
            made[utterance] = whole
    return made
