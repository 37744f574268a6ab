"""The steps of `glue.sh`: one experiment on text.

python3 -m parp_espnet.bin.glue data --task cola --glue DIR
python3 -m parp_espnet.bin.glue check --task cola --model DIR --out model.json
python3 -m parp_espnet.bin.glue draw --task cola --model DIR --seed 0 --out DIR
python3 -m parp_espnet.bin.glue train --exp exp/TAG --initial_mask FILE
python3 -m parp_espnet.bin.glue score --exp exp/TAG
python3 -m parp_espnet.bin.glue report --expdir exp --exp exp/TAG
"""

import argparse
from pathlib import Path
from typing import Any

from parp_espnet.arguments import COUNT, SEED, Parser, path
from parp_espnet.errors import UserError, command
from parp_espnet.files import write_json, write_text
from parp_espnet.glue.tasks import TASKS
from parp_espnet.scoring.result import RESULT, Result


@command
def main() -> None:
    """Run one of the steps."""
    options = _parser().parse_args()
    options.run(options)


def _parser() -> Parser:
    parser = Parser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True)

    def action(name: str, run: object, *needs: str) -> Parser:
        made = actions.add_parser(name, allow_abbrev=False)
        made.set_defaults(run=run)
        for need in needs:
            made.add_argument(
                f"--{need}", required=True, type=path if need in ("out", "exp", "expdir") else str
            )
        return made

    data = action("data", _data, "task")
    data.add_argument("--glue", type=path, help="GLUE's folder")
    data.add_argument("--train_examples", type=COUNT, help="of a made task")
    check = action("check", _check, "task", "model", "out")
    check.add_argument("--pattern", help="regular expression of the names of a pool of one's own")
    check.add_argument("--biases", action=argparse.BooleanOptionalAction, default=True)
    action("draw", _draw, "task", "model", "out").add_argument("--seed", type=SEED, required=True)
    train = action("train", _train, "exp")
    train.add_argument("--initial_mask", default="", help="none when empty")
    train.add_argument("--initial_weights", type=path, help="of a finetuned model, to begin with")
    train.add_argument(
        "settings", nargs="*", help="name=value, of experiment.json; for the step's record"
    )
    action("score", _score, "exp")
    action("report", _report, "expdir", "exp")
    return parser


# What follows imports what it needs: torch and transformers take seconds.


def _data(options: argparse.Namespace) -> None:
    from parp_espnet.glue import examples, made  # noqa: PLC0415
    from parp_espnet.glue.settings import Settings  # noqa: PLC0415

    task = TASKS[options.task]
    if task.folder is None:
        sizes = dict(made.SIZES)
        if options.train_examples is not None:
            sizes["train"] = options.train_examples
        sets = {name: made.make(options.task, name, size) for name, size in sizes.items()}
    else:
        sets = examples.read_glue(options.glue, options.task, task)
    named = {"train": Settings(train_examples=options.train_examples).train_set}
    counts = []
    for name, rows in sets.items():
        examples.write(Path("data", f"{named.get(name, name)}.tsv"), rows, task)
        counts.append(f"{len(rows)} {name}")
    print(f"{options.task}: {task.title}; {', '.join(counts)} examples")


def _check(options: argparse.Namespace) -> None:
    from parp_espnet.glue.models import load_classifier, load_tokenizer  # noqa: PLC0415
    from parp_espnet.pruning.pool import find_pool  # noqa: PLC0415

    task = TASKS[options.task]
    model = load_classifier(options.model, task, pattern=options.pattern, new_head=True)
    load_tokenizer(options.model)
    pool = find_pool(dict(model.named_parameters()), options.pattern, options.biases)
    size = sum(tensor.numel() for tensor in pool.values())
    total = sum(tensor.numel() for tensor in model.parameters())
    kind = str(model.config.model_type)  # type: ignore[union-attr]
    print(
        f"{options.model}: {kind}, {size} of {total} weights in {len(pool)} tensors may be pruned"
    )
    # Of masks that are drawn this file is an input, which is not to change with the pool of an
    # experiment.
    write_json(
        options.out,
        {"model": options.model, "type": kind, "pool": _usual_size(model), "weights": total},
    )


def _usual_size(model: Any) -> int | None:
    """Return the weights of the pool of the model's family; None where it has none."""
    from parp_espnet.pruning.pool import find_pool  # noqa: PLC0415

    try:
        pool = find_pool(dict(model.named_parameters()))
    except UserError:
        return None
    return sum(int(tensor.numel()) for tensor in pool.values())


def _draw(options: argparse.Namespace) -> None:
    import torch  # noqa: PLC0415

    from parp_espnet.glue.models import load_classifier  # noqa: PLC0415

    torch.manual_seed(options.seed)
    load_classifier(options.model, TASKS[options.task], random=True).save_pretrained(options.out)  # type: ignore[operator]


def _train(options: argparse.Namespace) -> None:
    from parp_espnet.glue.finetune import Finetuning  # noqa: PLC0415
    from parp_espnet.pipeline.kept import keep_trained, load_text  # noqa: PLC0415

    mask = Path(options.initial_mask) if options.initial_mask else None
    settings = load_text(options.exp)
    keep_trained(settings, options.exp)
    Finetuning(settings, mask, options.exp, options.initial_weights).run()


def _score(options: argparse.Namespace) -> None:
    from parp_espnet.glue.score import score  # noqa: PLC0415

    score(options.exp)


def _report(options: argparse.Namespace) -> None:
    from parp_espnet.study.table import table  # noqa: PLC0415

    results = [Result.read(path) for path in sorted(options.expdir.glob(f"*/{RESULT}"))]
    write_text(options.expdir / "RESULTS.md", f"# RESULTS\n\n{table(results)}")
    result = Result.read(options.exp / RESULT)
    # Of errors, and shown of what is right.
    least, most = result.ci95
    told = ", ".join(f"{name} {value:.4f}" for name, value in (result.scores or {}).items())
    print(
        f"{result.language}: {told} on {result.dataset} (95 % interval of {result.metric} "
        f"[{1 - most:.4f}, {1 - least:.4f}]), {result.method}, sparsity "
        f"{result.sparsity_measured or 0:.2%}"
    )
    print(f"result in {options.exp / RESULT}, table in {options.expdir / 'RESULTS.md'}")


if __name__ == "__main__":
    main()
