"""Divide a data set among decoding jobs, and join what they say."""

from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, write_json, write_text
from parp_espnet.pipeline.search import ModelFiles, describe


def split(data: Path, parts: int, out: Path) -> None:
    """Write `out/keys.1.scp` to `out/keys.<parts>.scp`, with the longest utterances dealt out
    evenly.

    Raises `UserError` when there are more parts than utterances: a job without work fails in
    ESPnet.
    """
    utterances = sorted(
        read_data_dir(data), key=lambda utterance: (-utterance.duration, utterance.id)
    )
    if parts > len(utterances):
        raise UserError(
            f"{data}: {len(utterances)} utterances for {parts} jobs; lower --inference_nj"
        )
    for part in range(parts):
        # ESPnet goes through wav.scp once, so keys have to be in its order.
        keys = sorted(utterances[part::parts], key=lambda utterance: utterance.id.encode())
        write_text(
            out / f"keys.{part + 1}.scp",
            "".join(f"{utterance.id} {utterance.wav}\n" for utterance in keys),
        )


def join(logs: Path, parts: int, out: Path) -> None:
    """Write the texts of all jobs to `out`, sorted bytewise. Raises `UserError` when a job left
    none.
    """
    lines: list[str] = []
    for part in range(1, parts + 1):
        text = logs / f"output.{part}/1best_recog/text"
        if not text.exists():
            raise UserError(
                f"{text}: no such file; its job did not end well, see {logs}/decode.{part}.log"
            )
        lines += lines_of(text.read_text(encoding="utf-8"))
    write_text(out, "".join(f"{line}\n" for line in sorted(lines, key=str.encode)))


def join_decoded(
    logs: Path,
    parts: int,
    out: Path,
    beam: int,
    lm: Path | None,
    lm_weight: float,
    penalty: float,
) -> None:
    """Join the texts of all jobs, and say in `decode.json` beside `out` how ESPnet decoded."""
    join(logs, parts, out)
    weights = Weights(lm_weight=lm_weight, penalty=penalty)
    about = describe(f"ESPnet's beam {beam}", ModelFiles(lm), weights, seconds=None)
    write_json(out.with_name("decode.json"), about)
