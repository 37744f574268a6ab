"""What the steps of untranscribed speech are told, a row of `parp_espnet.bin.steps`, and what they
leave for each other.
"""

from parp_espnet.arguments import COUNT, SECONDS, Number, path
from parp_espnet.notes import Range
from parp_espnet.pipeline.calls import Call, needs, takes

RATE = Number(Range(above=0, most=1))
LIST = "recognised.json"
"""What was recognised, and where each transcript is."""
LABELS = "labels.json"
"""What was chosen, and by which threshold."""

PSEUDO_LABELS = Call(
    "Label speech that nobody has transcribed, and take what is sure enough.",
    actions={
        "recognise": Call(
            "recognise it, and the validation set",
            "parp_espnet.pipeline.unlabelled:recognise",
            (
                needs("model", "an experiment, or an exported model"),
                needs("speech", "directory of recordings"),
                needs("dev", "validation set, a complete data directory"),
                needs("transcribed", "the training set likewise, whose tokens alone are heard"),
                needs("train", "the same as it was made, of whose recordings none is taken"),
                needs("tested", "other sets of which none is", nargs="+"),
                needs("out", "receives the transcripts"),
                takes("device", "cpu or cuda", default="cpu"),
                takes("nj", "jobs", type=COUNT, default=1),
            ),
        ),
        "choose": Call(
            "take the utterances that are sure enough",
            "parp_espnet.pipeline.pseudo_labels:choose",
            (
                needs("recognised", "what was recognised"),
                needs("dev", "validation set, a complete data directory"),
                needs("errors", "share of its error rate", type=RATE),
                takes("min_duration", "seconds", type=SECONDS, default=0.25),
                takes("max_duration", "seconds", type=SECONDS, default=20.0),
                needs("out", "data directory to write"),
            ),
        ),
        "join": Call(
            "make a training set of transcribed and labelled speech",
            "parp_espnet.pipeline.pseudo_labels:join",
            (
                needs("data", "what is transcribed, a complete data directory"),
                needs("labelled", "what was labelled, likewise"),
                needs("labels", "what says which were taken", type=path),
                needs("out", "data directory to write"),
            ),
        ),
    },
)
