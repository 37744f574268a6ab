"""The kinds of upstream as a page: what is loaded, what runs it, what is pruned, what was tried.

    python3 -m parp_espnet.upstreams.table docs/upstreams.md

writes it; a test compares the page with it.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.files import write_text
from parp_espnet.pruning.families import FAMILIES, Family
from parp_espnet.upstreams import espnet_frontend, fairseq2, spidr, whisper
from parp_espnet.upstreams.frontend import ESPNET_SSL, FRONTEND, WHISPER
from parp_espnet.upstreams.hugging_face import HUGGING_FACE, MODELS
from parp_espnet.upstreams.one_file import NATIVE

HEAD = """# Upstreams

What `--upstream` takes, by the `model_type` of a Hugging Face directory's config.json, or by what
is in a file. The page is made by `python3 -m parp_espnet.upstreams.table docs/upstreams.md`. An
experiment (`exp/TAG`), a bundle and an exported `hf` directory are upstreams of their kind, with
the head they came with: [One experiment](experiment.md#to-go-on-from-an-experiment).

"""
TITLES = (
    "kind",
    "models known by it",
    "runs in",
    "pruned in each layer",
    "tested with random weights",
    "tried with real weights",
)
KNOWN = {
    "wav2vec2": "wav2vec 2.0, XLSR, XLS-R, MMS",
    "hubert": "HuBERT, mHuBERT-147; `multi` and `mono`, which come with the project",
    "wavlm": "WavLM",
    "data2vec-audio": "data2vec",
    "unispeech": "UniSpeech",
    "unispeech-sat": "UniSpeech-SAT",
    "sew": "SEW",
    "wav2vec2-bert": "w2v-BERT 2.0",
    "wav2vec2-conformer": "wav2vec 2.0 with conformers",
    "whisper": "Whisper, its encoder alone",
}
REAL = {"hubert": "`multi`, `mono` (3 M); others never"}
"""What is known of a kind's published weights; nobody downloads any for a test."""
NEVER = "never"
NATIVE_NAMES = {"wav2vec2_local": "wav2vec 2.0", "hubert_local": "HuBERT", "wavlm_local": "WavLM"}
TRAINED = "checked, trained, pruned, loaded again; output as of its own class"
READ = (
    "checkpoints of names and shapes as in fairseq2 0.8.1's code: checked, trained, pruned, "
    "resumed to the same bits, decoded; by hand, equal to that code's output"
)
SPLIT = (
    "checkpoints of names and shapes as in the code of Meta's package `spidr`: checked; heard in "
    "s3prl as a computation of the test's own hears them; then trained as data2vec"
)
WHOLE = "the same; resumed to the same bits, decoded"
EXPORTED = "the same; resumed, interrupted, killed, decoded, exported"
ASIDE = """
What was tested was tiny models of the official classes with random weights, in
`tests/espnet/test_upstreams.py` and `tests/upstreams/test_preflight.py`. A checkpoint of fairseq2's
says neither how many heads its layers have, which goes by their size (300 M to 7 B: 16), nor the
strides of its convolutions: what is of other sizes is refused. Embeddings, norms,
positions, convolutions of waves and heads are never pruned. The convolutions of conformers are
outside of the pool as well, and are in one of your own:

    --prune_pattern '@'

An E-Branchformer's pool has both feed-forward parts and the projections of its gating MLP (cgMLP);
its convolutions, and what merges the two branches, are outside. With the paper's kinds alone:

    --prune_pattern '%'

and with the merging projections besides:

    --prune_pattern '#'

Whole units (`--pattern units`) are of neither. What runs in ESPnet's own frontends is used
from its training directory: it is neither exported nor gone on from yet, and is decoded an
utterance at a time. Whisper hears windows of 30 s, whatever an utterance has: it costs as much.

SpidR and DinoSR have no biases of q, k and v in their published sizes; here these are zeros, which
train. Their files say no more of heads and strides than fairseq2's do; a config.json beside one may
(`encoder_num_heads`). A data2vec 2.0 is refused: its attention adds distances between frames,
scaled as each head has learned (ALiBi), and nothing that s3prl, ESPnet or transformers have
computes that.

What some of them cost at their published sizes, with random weights, was [measured](sizes.md).
"""


CONVOLVED = r"encoder\.layers\.\d+\.(\w+\.linear_(q|k|v|out)|ffn.\.\w+|\w+\.point\w+)\.\w+"
"""A pool of one's own: a conformer's, and its convolutions over channels."""


ATTENDED = r"encoder\.encoders\.\d+\.(attn\.linear_(q|k|v|out)|feed_forward\w*\.w_\d)\.\w+"
"""A pool of one's own: an E-Branchformer's, without its gating MLP."""
MERGED = r"encoder\.encoders\.\d+\.(attn\.l\w+|\w+\.w_\d|\w+\.channel_\w+(\.0)?|merge_\w+)\.\w+"
"""The same with its gating MLP and what merges it with attention."""


@dataclass(frozen=True)
class Row:
    """One kind."""

    kind: str
    runs_in: str
    family: str
    """What the name of its family of layers begins with."""
    known: str
    tested: str
    real: str


def page() -> str:
    """Return the page."""
    lines = [_line(TITLES), _line("---" for _ in TITLES)]
    for row in rows():
        cells = (row.kind, row.known, row.runs_in, _pruned(row.family), row.tested, row.real)
        lines.append(_line(cells))
    return HEAD + "\n".join(lines) + "\n" + _with_patterns(ASIDE)


def _with_patterns(text: str) -> str:
    for mark, pattern in (("@", CONVOLVED), ("%", ATTENDED), ("#", MERGED)):
        text = text.replace(f"'{mark}'", f"'{pattern}'")
    return text


def rows() -> list[Row]:
    """Return what is known of every kind."""
    found = []
    for kind in [*MODELS, whisper.KIND]:
        found.append(
            Row(
                f"`{kind}`",
                _runs_in(kind),
                _family_of(kind),
                KNOWN[kind],
                _tested(kind),
                REAL.get(kind, NEVER),
            )
        )
    for name, keys in NATIVE.items():
        file = f"a file with {', '.join(f'`{key}`' for key in sorted(keys))}"
        known = f"s3prl's own {NATIVE_NAMES[name]}"
        runs_in = f"s3prl, `{name}`"
        found.append(Row(file, runs_in, "s3prl's and fairseq's", known, TRAINED, NEVER))
    file = f"a file with names that begin with `{fairseq2.FRONTEND}`"
    runs_in = f"{_runs_in('wav2vec2')}, renamed"
    known = "omniASR, fairseq2's wav2vec 2.0"
    found.append(Row(file, runs_in, "fairseq2's", known, READ, NEVER))
    file = f"a file with names that begin with `{spidr.STUDENT}`"
    runs_in = f"{_runs_in('data2vec-audio')}: q, k and v are rows of one tensor in the file"
    known = "SpidR, DinoSR; their teachers are left out"
    found.append(Row(file, runs_in, "Hugging Face's wav2vec", known, SPLIT, NEVER))
    file = "a `.pth` of ESPnet's pretraining, with its `config.yaml` beside it"
    runs_in = f"ESPnet, `{ESPNET_SSL}`"
    known = "XEUS, ESPnet's own E-Branchformers"
    found.append(Row(file, runs_in, "ESPnet's E-Branchformer", known, WHOLE, NEVER))
    return found


def _runs_in(kind: str) -> str:
    if kind == whisper.KIND:
        return f"ESPnet, `{WHISPER}` of ours, transformers' code"
    if kind in espnet_frontend.MODELS:
        return f"ESPnet, `{FRONTEND}`, transformers' code"
    name = HUGGING_FACE[kind]
    return f"s3prl, `{name}`" + (", converted" if name.endswith("_local") else "")


def _family_of(kind: str) -> str:
    if kind == whisper.KIND:
        return "Whisper's encoder"
    is_conformer = kind in ("wav2vec2-bert", "wav2vec2-conformer")
    return "wav2vec2-conformer" if is_conformer else "Hugging Face's wav2vec"


def _tested(kind: str) -> str:
    if kind == "hubert":
        return EXPORTED
    return WHOLE if kind in espnet_frontend.MODELS or kind == whisper.KIND else TRAINED


def _pruned(part: str) -> str:
    (family,) = (family for family in FAMILIES if family.name.startswith(part))
    weights = [kind.removesuffix(".weight") for kind in _weights(family)]
    biases = sum(kind.endswith(".bias") for kind in family.kinds)
    return f"{', '.join(f'`{name}`' for name in weights)}: weights and {biases} biases"


def _weights(family: Family) -> list[str]:
    kinds: Mapping[str, str] = family.kinds
    return [kind for kind in kinds if kind.endswith(".weight")]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), page())
