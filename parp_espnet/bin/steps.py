"""The steps of an experiment that are one call of one function, in one table.

    python3 -m parp_espnet.bin.steps tokens --data DIR --out FILE
    python3 -m parp_espnet.bin.tokens --data DIR --out FILE

are the same. The second is what stages print and records remember, so each row of `STEPS` has a
module of its name beside this one; all of these are the same few lines.
"""

import argparse
import sys
from collections.abc import Callable, Mapping

from parp_espnet.arguments import (
    ANY,
    COUNT,
    SECONDS,
    SEED,
    SHARE,
    SOME_SECONDS,
    Number,
    describe_unknown,
    path,
)
from parp_espnet.errors import UserError, command
from parp_espnet.notes import Range
from parp_espnet.pipeline.calls import (
    Call,
    language,
    metric,
    needs,
    path_or_none,
    run,
    setting,
    takes,
)
from parp_espnet.pipeline.label_calls import PSEUDO_LABELS
from parp_espnet.scoring.words import Metric

SPEED = Number(Range(least=0.5, most=2))
_TEXT = (
    needs("text", "lines 'utterance token token …'"),
    needs("token_list", "the recogniser's tokens, one a line"),
)
POOL = (
    takes("pattern", "regular expression of the names of a pool of your own"),
    takes("biases", "prune biases as well", action=argparse.BooleanOptionalAction, default=True),
)
"""Which tensors of a model may be pruned."""
STEPS: Mapping[str, Call] = {
    "cut_data": Call(
        "Cut recordings that are too long to train on, aligned with their texts by a model.",
        "parp_espnet.pipeline.cutting:cut_data",
        (
            needs("data", "data directory with wav.scp and text"),
            needs("out"),
            needs("model", "an experiment, or what was exported of one"),
            takes("max_duration", "seconds of a piece", type=SOME_SECONDS, default=20.0),
            takes("allow_pipes", "as of format_data", action="store_true"),
            takes("needed", "refuse data in which nothing is longer", action="store_true"),
            takes("device", "cpu or cuda", default="cpu"),
        ),
        late=True,
    ),
    "format_data": Call(
        "Make a complete data directory of 16 kHz mono recordings.",
        "parp_espnet.pipeline.formatting:format_data",
        (
            needs("data", "data directory with wav.scp and text"),
            needs("out"),
            takes(
                "lang",
                "language of utterances that utt2lang does not list",
                type=language,
                default="und",
            ),
            takes("nj", "recordings converted at a time", type=COUNT, default=1),
            takes(
                "speeds",
                "write each utterance at these speeds",
                type=SPEED,
                nargs="+",
                default=[1.0],
            ),
            takes(
                "allow_pipes",
                "run the commands of wav.scp and follow its paths with '..': only where you trust "
                "it",
                action="store_true",
            ),
        ),
    ),
    "filter_data": Call(
        "Leave out what is too short or too long.",
        "parp_espnet.pipeline.formatting:filter_data",
        (
            needs("data", "a complete data directory"),
            needs("out"),
            takes("min_duration", "seconds", type=SECONDS, default=0.25),
            takes("max_duration", "seconds", type=SECONDS, default=20.0),
        ),
    ),
    "pseudo_labels": PSEUDO_LABELS,
    "tokens": Call(
        "Write ESPnet's token list of a data directory.",
        "parp_espnet.pipeline.tokens:write_tokens",
        (
            needs("data", "data directory of the training set"),
            needs("out", "token list, one token a line"),
            takes("letters", "the text is to be in letters", action="store_true"),
            takes("nbpe", "train so many subwords on it", type=COUNT, metavar="N"),
            takes("model", "sentencepiece's model, with --nbpe", type=path),
        ),
    ),
    "subwords": Call(
        "Write a data directory in subwords: all of it as it is, but for the text.",
        "parp_espnet.pipeline.subwords:encode_set",
        (
            needs("data", "a complete data directory"),
            needs("model", "sentencepiece's model, of stage 4"),
            needs("out"),
        ),
    ),
    "preflight": Call(
        "Check an upstream and make the copy that training uses.",
        "parp_espnet.export.prepared:prepare",
        (
            needs(
                "upstream",
                "directory, experiment, checkpoint file, or name on the Hugging Face hub",
                type=str,
            ),
            needs("out", "where the adapted copy and frontend.json go"),
            takes(
                "set",
                "a setting of config.json",
                type=setting,
                action="append",
                default=[],
                metavar="KEY=VALUE",
            ),
            takes(
                "random_seed",
                "take the architecture, and draw the weights with this seed",
                type=SEED,
            ),
            *POOL,
        ),
        late=True,
    ),
    "check_pool": Call(
        "Refuse rates or a pattern that the pool of a model cannot have.",
        "parp_espnet.pipeline.pool_checks:check",
        (
            needs("model", "a model with the pool"),
            needs("scope", "a file of rates, or a pattern such as 2:4", type=str),
            needs("sparsity", "of the mask, at the end", type=SHARE),
            needs("largest", "the largest that weights are ranked at", type=SHARE),
            *POOL,
        ),
        late=True,
    ),
    "make_config": Call(
        "Write the training configuration of one experiment.",
        "parp_espnet.pipeline.config:configure",
        (
            needs("settings", "experiment.json of the experiment"),
            needs("frontend", "frontend.json of the preflight"),
            takes("initial_mask", "mask file to begin with; none when empty", type=path_or_none),
            needs("out", "YAML to write"),
        ),
    ),
    "show_training": Call(
        "Say what a training left.",
        "parp_espnet.pipeline.trained:show",
        (needs("exp", "experiment that was trained"),),
    ),
    "remove_checkpoints": Call(
        "Remove what serves to continue a training that is complete.",
        "parp_espnet.pipeline.tidy:tidy",
        (
            needs("exp", "directory of the training"),
            takes("model", "the model that stays [the recogniser's]", metavar="NAME"),
        ),
    ),
    "language_model": Call(
        "Prepare the text of language models, or estimate an n-gram of it.",
        actions={
            "fit": Call(
                "check that given models are of the recogniser's tokens",
                "parp_espnet.pipeline.language_models:need_fitting",
                (
                    needs("token_list", "the recogniser's tokens, one a line"),
                    takes("lexicon", "words that a search keeps to", type=path),
                    takes("ngram", "ARPA, or KenLM's binary", type=path),
                ),
            ),
            "text": Call(
                "check a Kaldi text and keep its sentences that are not empty",
                "parp_espnet.pipeline.language_models:make_text",
                (
                    *_TEXT,
                    needs("out", "file to write"),
                    takes("subwords", "sentencepiece's model, of stage 4", type=path),
                ),
            ),
            "ngram": Call(
                "write an ARPA file of a Kaldi text: interpolated, Witten-Bell",
                "parp_espnet.pipeline.language_models:make_ngram",
                (
                    *_TEXT,
                    takes(
                        "order",
                        "words of the longest n-grams [3]",
                        type=COUNT,
                        default=3,
                    ),
                    needs("out", "file to write"),
                ),
            ),
        },
    ),
    "decode": Call(
        "Decode a data set greedily: one process, batches of like length.",
        "parp_espnet.espnet.decode:decode",
        (
            needs("model", "an ESPnet model file beside its config.yaml"),
            needs("data", "a Kaldi data directory (16 kHz mono)"),
            needs("out", "receives text, ctm and decode.json"),
            takes(
                "batch_seconds",
                "audio in a batch, padding too [10 on a CPU, 120 else]",
                type=SOME_SECONDS,
            ),
            takes("device", "cpu or cuda", default="cpu"),
            takes(
                "logprobs", "leave logprobs.safetensors for a search as well", action="store_true"
            ),
        ),
        late=True,
    ),
    "shards": Call(
        "Divide a data set among decoding jobs, and join what they say.",
        actions={
            "split": Call(
                "write keys.1.scp, keys.2.scp, …",
                "parp_espnet.pipeline.shards:split",
                (needs("data"), needs("parts", type=COUNT), needs("out")),
            ),
            "join": Call(
                "join output.N/1best_recog/text, and say how it was decoded",
                "parp_espnet.pipeline.shards:join_decoded",
                (
                    needs("logs"),
                    needs("parts", type=COUNT),
                    needs("out"),
                    needs("beam", "for decode.json, as are the others", type=COUNT),
                    takes("lm", type=path),
                    takes("lm_weight", type=ANY, default=0.0),
                    takes("penalty", type=ANY, default=0.0),
                ),
            ),
        },
    ),
    "score": Call(
        "Score a decoding.",
        "parp_espnet.pipeline.score:score",
        (
            needs("exp", "experiment with experiment.json and training.json"),
            needs("data", "data directory that was decoded"),
            needs("decoded", "decoding with its text"),
            takes(
                "metric",
                "what errors are counted in [per]",
                type=metric,
                default=Metric.PER,
                metavar="{per,wer,cer}",
            ),
            takes(
                "merge",
                "table of phones that are scored as one: two columns, from and to",
                type=path,
            ),
        ),
    ),
    "report": Call(
        "Make a scoring the result of its experiment, write the recipe's RESULTS.md, and show the "
        "result.",
        "parp_espnet.pipeline.reported:report",
        (
            needs("expdir", "directory of all experiments of the recipe"),
            needs("score", "a decoding's score/"),
            needs("out", "result.json of the experiment"),
        ),
    ),
}
"""Every step by its name."""


def command_of(module: str) -> Callable[[], None]:
    """Return the command that a module beside this one is, by the module's name."""
    step = STEPS[module.rpartition(".")[2]]
    if not step.late:
        step.load()

    @command
    def called() -> None:
        run(step, sys.argv[1:])

    return called


@command
def main() -> None:
    """Run the step that the first word names."""
    words = sys.argv[1:]
    if words in ([], ["--help"], ["-h"]):
        rows = "".join(f"  {name:<18} {step.about}\n" for name, step in STEPS.items())
        print(f"usage: {__doc__}\n{rows}", end="")
        return
    if words[0] not in STEPS:
        raise UserError(f"steps: {describe_unknown(words[0], STEPS)}")
    sys.argv[0] = f"{words[0]}.py"
    run(STEPS[words[0]], words[1:])


if __name__ == "__main__":
    main()
