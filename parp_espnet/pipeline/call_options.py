"""Options of `phn.sh` that say what is run and where it goes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from parp_espnet.machine import cores
from parp_espnet.pipeline.options import CALL, OF_MACHINE, Range
from parp_espnet.pipeline.pruning import Experiment

STAGES = {
    1: "data",
    2: "format",
    3: "filter",
    4: "tokens",
    5: "upstream",
    6: "first mask",
    7: "statistics",
    8: "train",
    9: "finalise",
    10: "language model",
    11: "tune",
    12: "decode",
    13: "score",
    14: "results",
}


@dataclass(frozen=True)
class CallOptions(Experiment):
    """Which stages are run, with how many processes, and into which folders."""

    PROGRAM: ClassVar = "phn.sh"
    TAG_OPTION: ClassVar = "phn_tag"
    PREPARED: ClassVar = 7
    MASKED: ClassVar = 6

    stage: Annotated[int, f"first stage to run, of {len(STAGES)}", CALL] = 1
    stop_stage: Annotated[int, "last stage to run", CALL] = len(STAGES)
    skip_check: Annotated[bool, "leave out the check of the data, at the end of stage 1"] = False
    allow_pipes: Annotated[
        bool, "run the commands of your wav.scp and follow its '..': if you trust it"
    ] = False
    skip_train: Annotated[bool, "leave out stages 5 to 9", CALL] = False
    skip_eval: Annotated[bool, "leave out stages 10 to 14", CALL] = False
    ngpu: Annotated[
        int, "GPUs to train on, of each machine; 0 trains on the CPU", Range(least=0)
    ] = 0
    num_nodes: Annotated[
        int, "machines to train on; more than one takes a queue that gives them", Range(least=1)
    ] = 1
    nj: Annotated[
        int,
        "parallel jobs while preparing data; as many as cores by default",
        OF_MACHINE,
        CALL,
        Range(least=1),
    ] = cores()
    inference_nj: Annotated[
        int, "parallel jobs of ESPnet's search; others are one job", CALL, Range(least=1)
    ] = 1
    datadir: Annotated[
        str, "where a corpus's sets go, in the recipe directory; in an absolute --expdir", CALL
    ] = "data"
    dumpdir: Annotated[
        str, "where formatted data goes, in the recipe directory; in an absolute --expdir", CALL
    ] = "dump"
    phn_tag: Annotated[
        str | None, "name of the experiment; made from its settings by default", CALL
    ] = None

    @property
    def ranks(self) -> int:
        """How many processes train."""
        return self.num_nodes * max(1, self.ngpu)

    def skips(self, stage: int) -> bool:
        """Whether a stage is left out by the user's wish."""
        wanted = self.stage <= stage <= self.stop_stage
        return (
            not wanted or (self.skip_train and 5 <= stage <= 9) or (self.skip_eval and stage >= 10)
        )
