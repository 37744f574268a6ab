"""Pretrain a small upstream; `egs2/cldr/ssl1/run.sh` calls it.

python3 -m parp_espnet.bin.pretrain plan [options of run.sh]
python3 -m parp_espnet.bin.pretrain {speech,train,export} conf/multi.yaml --exp exp/multi
"""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from parp_espnet.arguments import COUNT, Parser, path
from parp_espnet.errors import UserError, command
from parp_espnet.recognition.audio import Failure, find, read_blocks
from parp_espnet.upstreams.pretrain import settings
from parp_espnet.upstreams.pretrain.config import (
    INSTRUCTIONS,
    WITHOUT_AMX,
    PretrainConfig,
    read_config,
)
from parp_espnet.upstreams.pretrain.recordings import going_on, keep_recordings
from parp_espnet.upstreams.pretrain.speech import make_speech, sets_of


@command
def main() -> None:
    """Run one of the sub-commands."""
    if sys.argv[1:2] == ["plan"]:
        _plan(sys.argv[2:])
        return
    arguments = _parser().parse_args()
    config = read_config(arguments.config)
    goes_on = arguments.init is not None and arguments.raw_speech is not None
    if goes_on:
        config = going_on(config, arguments.init)
    elif not config.languages:
        raise UserError(
            f"{arguments.config}: expected --init UPSTREAM and --raw_speech DIR with a "
            f"configuration without languages"
        )
    if arguments.stage == "speech" and goes_on:
        _keep_recordings(config, arguments.raw_speech, arguments.exp)
        return
    if arguments.stage == "speech":
        for number in range(1, len(config.iterations) + 1):
            for speech in sets_of(config, number, arguments.exp / "speech").values():
                make_speech(config, speech, arguments.jobs)
        return
    # oneDNN reads it once, before its first product.
    os.environ.setdefault(INSTRUCTIONS, WITHOUT_AMX)
    # torch takes seconds to import, and the synthesising processes must not inherit it.
    from parp_espnet.upstreams.pretrain import export, train  # noqa: PLC0415

    last = arguments.exp / f"iter{len(config.iterations)}" / "checkpoint.pt"
    if arguments.stage == "train":
        begins = None
        if goes_on:
            from parp_espnet.upstreams.pretrain.begin import begin  # noqa: PLC0415

            begins = begin(config, arguments.init, arguments.exp)
        train.pretrain(config, arguments.exp, begins)
    elif arguments.out is None:
        raise UserError("export: expected --out DIR, found none")
    else:
        export.export(config, last, arguments.out)


def _keep_recordings(config: PretrainConfig, folder: Path, exp: Path) -> None:
    files: list[Path] = []
    for source in find([folder]):
        if isinstance(source, Failure):
            raise UserError(f"--raw_speech {source}")
        files.append(source.path)
    keep_recordings(config, files, read_blocks, exp)


def _plan(arguments: Sequence[str]) -> None:
    """Print what run.sh needs, as shell variables."""
    for name, value in settings.read(arguments).variables().items():
        print(f"{name}={shlex.quote(value)}")
    names = " ".join(f"[{number}]={name}" for number, name in settings.STAGES.items())
    print(f"stage_names=({names})")


def _parser() -> Parser:
    parser = Parser(description="Pretrain a small upstream.", allow_abbrev=False)
    parser.add_argument("stage", choices=list(settings.STAGES.values()))
    parser.add_argument("config", type=path, help="e.g. conf/multi.yaml")
    parser.add_argument("--exp", type=path, required=True, help="where the stages leave their work")
    parser.add_argument("--out", type=path, help="directory of the exported upstream (export)")
    parser.add_argument("--init", type=path, help="upstream to go on from, with --raw_speech")
    parser.add_argument("--raw_speech", type=path, help="directory of recordings to go on with")
    parser.add_argument("--jobs", type=COUNT, default=2, help="processes that synthesise")
    return parser


if __name__ == "__main__":
    main()
