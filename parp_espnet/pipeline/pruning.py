"""What every experiment has, of speech or of text: how it prunes, and what follows from that."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from parp_espnet.names import digest
from parp_espnet.notes import CALL, SEEDS, Behind, Range
from parp_espnet.pipeline.options import filled
from parp_espnet.pruning.methods import Source, find_method, rounds
from parp_espnet.pruning.options import PruneOptions
from parp_espnet.pruning.ranking import GLOBAL
from parp_espnet.pruning.scopes import SCOPES, is_file
from parp_espnet.pruning.scores import MAGNITUDE
from parp_espnet.pruning.settings import YOUNGER, PruneSettings

LOCK = ".phn.lock"
"""The lock that every template holds in an experiment's directory."""
FASTEST_RATE = 1e6
"""Beyond, an optimizer ends in an overflow."""
OF_EVERY_RUN = frozenset({"method", "sparsity", "interval", "updates", "freeze_updates"})
OF_PRUNING = tuple(field.name for field in fields(PruneSettings) if field.name not in OF_EVERY_RUN)
"""Options that a run without pruning has no use for."""
FIRST_MASKS = ("random", "uniform", "finetuned", "iterated")


@dataclass(frozen=True)
class RunOptions:
    """What every run of a template has, whether or not it prunes."""

    recipe: Annotated[
        Path, "recipe directory, which has data/ and exp/; its run.sh gives it", CALL
    ] = Path()
    expdir: Annotated[
        str,
        "where experiments go, in the recipe directory; an absolute one may lie elsewhere",
        CALL,
    ] = "exp"
    dry_run: Annotated[bool, "print the stages and their commands, run nothing", CALL] = False
    wait: Annotated[
        bool,
        "wait for another run of the same experiment, or that reads what this one would make "
        "anew, instead of refusing",
        CALL,
    ] = False
    updates: Annotated[int, "optimizer updates of a finetuning", Range(least=1)] = 300
    seed: Annotated[int, "random seed of training", SEEDS] = 0


@dataclass(frozen=True)
class Experiment(PruneOptions, RunOptions):
    """The options that pruning and a study know of; a template's own settings add theirs."""

    PROGRAM: ClassVar[str]
    """The template's script, such as phn.sh."""
    TAG_OPTION: ClassVar[str]
    """The option that names an experiment."""
    PREPARED: ClassVar[int]
    """The last stage before training."""
    MASKED: ClassVar[int]
    """The stage that makes the first mask."""

    first_mask: Annotated[
        str | None,
        "the first mask, whatever the method: random (rp's), finetuned (omp's), iterated (imp's), "
        "or uniform (drawn)",
        Behind("initial_mask"),
    ] = None
    round_updates: Annotated[
        int | None,
        "updates of imp's short finetunings; a third of --updates by default",
        Range(least=1),
        Behind("alpha"),
    ] = None

    @classmethod
    def of(cls, loaded: object, where: str) -> Self:
        """Make it of what an experiment's file holds; an option that is younger has its default.

        Raises `UserError`.
        """
        return filled(cls, loaded, where, cls.PROGRAM)

    @property
    def tag(self) -> str:
        """Name of the experiment, from every setting that its weights depend on."""
        raise NotImplementedError

    @property
    def upstream_label(self) -> str:
        """What results call the pre-trained model."""
        raise NotImplementedError

    @property
    def dense(self) -> Self:
        """The dense experiment with the same settings, whose weights OMP ranks."""
        own = getattr(self, self.TAG_OPTION)
        usual = {name: getattr(PruneSettings, name) for name in OF_PRUNING}
        plain = replace(self, method="dense", sparsity=0.0, interval=None, **usual)
        plain = replace(plain, first_mask=None, round_updates=None)
        named: dict[str, Any] = {} if own is None else {self.TAG_OPTION: f"{own}_dense"}
        return replace(plain, **named)

    def settled(self) -> Self:
        """The same, with all said that experiments which are made for it are to share."""
        return self

    @property
    def needs_dense(self) -> bool:
        """Whether that experiment has to be complete before this one trains."""
        return self.mask_source == "finetuned" or self.pruning.row.from_finetuned

    @property
    def pruning_tags(self) -> list[str]:
        """The part of a tag that says how it is pruned."""
        tags = {
            f"s{self.sparsity or 0:g}": bool(self.sparsity),
            f"n{self.interval}": self.interval is not None,
            f"mask{digest(self.initial_mask)}": self.initial_mask is not None,
            str(self.first_mask): self.first_mask is not None,
            "_".join(self._pool_tags()): bool(self._pool_tags()),
            f"from{self.start_sparsity or 0:g}": self.start_sparsity is not None,
            self.sparsity_path: self.sparsity_path != "linear",
            f"grown{self.growth_updates}": self.growth_updates is not None,
            f"slr{self.score_lr or 0:g}": self.score_lr is not None,
            f"alpha{self.alpha or 0:g}": self.alpha is not None,
            f"rank{self.adapter_rank}": self.adapter_rank is not None,
            f"rounds{self.round_updates}": self.round_updates is not None,
            f"freeze{self.freeze_updates}": self.freeze_updates > 0,
        }
        return [tag for tag, differs in tags.items() if differs]

    def _pool_tags(self) -> list[str]:
        rates = f"rates{digest(self.scope)}" if is_file(self.scope) else self.scope
        tags = {
            self.score: self.score != MAGNITUDE,
            rates.replace(":", "of"): self.scope != GLOBAL,
            "weights": not self.prune_biases,
            f"pool{digest(self.prune_pattern)}": self.prune_pattern is not None,
        }
        return [tag for tag, differs in tags.items() if differs]

    @property
    def round_tags(self) -> list[str]:
        """The experiments that IMP's rounds are; those of one pool and ranking are shared."""
        shared = "_".join([self.dense.tag, *self._pool_tags(), f"rounds{self.round_length}"])
        return [f"{shared}_to{sparsity:g}" for sparsity in self.rounds]

    @property
    def mask_source(self) -> str:
        """Where the first mask comes from: a `Source` by its name in lower case."""
        if self.initial_mask is not None:
            return Source.FILE.name.lower()
        return self.first_mask or find_method(self.method).first_mask.name.lower()

    @property
    def pool_options(self) -> list[str]:
        """What parp-mask has to be told of the pool."""
        options: list[str] = []
        if self.prune_pattern is not None:
            options += ["--pattern", self.prune_pattern]
        if not self.prune_biases:
            options.append("--no-biases")
        return options

    @property
    def ranking_options(self) -> list[str]:
        """What parp-mask has to be told of the ranking."""
        options = ["--scope", self.scope]
        if self.score != MAGNITUDE:
            options += ["--score", self.score]
        return options

    @property
    def drawn_options(self) -> list[str]:
        """The same of a mask that is drawn uniformly, which has no order of weights."""
        return ["--scope", "tensor" if self.scope in SCOPES else self.scope]

    @property
    def as_before(self) -> frozenset[str]:
        """The options that are younger than experiments that are there, where they are as usual:
        what these remember does not name them.
        """
        usual = []
        for name in YOUNGER:
            if getattr(self, name) == getattr(PruneSettings, name):
                usual.append(name)
        return frozenset(usual)

    @property
    def rates(self) -> Path | None:
        """The file of rates, where the scope is one."""
        return Path(self.scope) if is_file(self.scope) else None

    @property
    def ranking_inputs(self) -> tuple[Path, ...]:
        """Files that say how weights are ranked: with other rates the mask is another."""
        return () if self.rates is None else (self.rates,)

    @property
    def rounds(self) -> list[float]:
        """Sparsities after IMP's rounds of short finetuning, the last of which is that of the first
        mask; none with a mask from elsewhere.
        """
        return rounds(self.first_sparsity) if self.mask_source == "iterated" else []

    @property
    def first_sparsity(self) -> float:
        """That of the mask that training begins with, which may grow. Raises `UserError` as
        `pruning`.
        """
        return self.pruning.schedule.sparsity_at(0)

    @property
    def round_length(self) -> int:
        """Updates of each of IMP's short finetunings."""
        return self.round_updates or max(1, self.updates // 3)

    @property
    def finetuning_runs(self) -> int:
        """How many finetunings the experiment costs, short ones included; what a given mask cost is
        not known.
        """
        if self.updates == 0:
            return 0
        row, source = find_method(self.method), Source[self.mask_source.upper()]
        # Only rounds depend on a sparsity.
        first = self.first_sparsity if source is Source.ITERATED else 0.0
        return 1 + row.runs_before(source, first)

    @property
    def pruning(self) -> PruneSettings:
        """How the trainer prunes. Raises `UserError` where the settings are wrong or contradict
        each other.
        """
        # The stage of the first mask makes the files of these sources; any name stands for one
        # here.
        made = Path(self.mask_source) if self.mask_source in FIRST_MASKS else None
        conf: dict[str, Any] = {}
        for field in fields(PruneSettings):
            conf[field.name] = getattr(self, field.name)
        return PruneSettings.parse(conf | {"initial_mask": self.initial_mask or made})
