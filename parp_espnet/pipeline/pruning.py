"""What every experiment has, of speech or of text: how it prunes, and what follows from that."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from parp_espnet.names import digest
from parp_espnet.pipeline.options import CALL, FILE, Range, filled
from parp_espnet.pruning.methods import METHODS, Source, find_method, rounds
from parp_espnet.pruning.ranking import GLOBAL
from parp_espnet.pruning.scopes import SCOPES, is_file
from parp_espnet.pruning.scores import MAGNITUDE, choices
from parp_espnet.pruning.settings import YOUNGER, PruneSettings

LOCK = ".phn.lock"
"""The lock that every template holds in an experiment's directory."""
FASTEST_RATE = 1e6
"""Beyond, an optimizer ends in an overflow."""
OF_EVERY_RUN = frozenset({"method", "sparsity", "interval", "updates", "freeze_updates"})
OF_PRUNING = tuple(field.name for field in fields(PruneSettings) if field.name not in OF_EVERY_RUN)
"""Options that a run without pruning has no use for; their defaults are those of
`PruneSettings`.
"""
FIRST_MASKS = ("random", "uniform", "finetuned", "iterated")


@dataclass(frozen=True)
class Experiment:
    """The options that pruning and a study know of; a template's own settings add theirs."""

    PROGRAM: ClassVar[str]
    """The template's script, such as phn.sh."""
    TAG_OPTION: ClassVar[str]
    """The option that names an experiment."""
    PREPARED: ClassVar[int]
    """The last stage before training."""
    MASKED: ClassVar[int]
    """The stage that makes the first mask."""

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
        bool, "wait for another run of the same experiment instead of refusing", CALL
    ] = False
    updates: Annotated[int, "optimizer updates of a finetuning", Range(least=1)] = 300
    seed: Annotated[int, "random seed of training", Range(least=0)] = 0
    method: Annotated[str, f"one of {' '.join(METHODS)}"] = "parp"
    sparsity: Annotated[
        float | None, "fraction of the pool to prune, in [0, 1); 0.5 by default, 0 for dense"
    ] = None
    interval: Annotated[int | None, "updates between two re-prunes, where the mask adjusts"] = 5
    initial_mask: Annotated[
        Path | None, "mask file to begin with, such as another language's or task's", FILE
    ] = PruneSettings.initial_mask
    first_mask: Annotated[
        str | None,
        "the first mask, whatever the method: random (rp's), finetuned (omp's), iterated (imp's), "
        "or uniform (drawn)",
    ] = None
    score: Annotated[str, f"what weights are ranked by: {', '.join(choices())}"] = (
        PruneSettings.score
    )
    scope: Annotated[
        str,
        "rank weights global-ly, within each layer, tensor or row, or by a file of rates (.yaml)",
    ] = PruneSettings.scope
    pattern: Annotated[
        str,
        "prune any weights: none; of M consecutive ones all but N: such as 2:4; or whole units, of "
        "which --sparsity is then the share: units, ffn, heads, as many in every layer, or "
        "units-free …",
    ] = PruneSettings.pattern
    prune_biases: Annotated[bool, "whether biases may be pruned, as in the paper"] = (
        PruneSettings.prune_biases
    )
    prune_pattern: Annotated[
        str | None, "regular expression of the names of a pool of your own"
    ] = PruneSettings.prune_pattern
    start_sparsity: Annotated[
        float | None,
        "where sparsity begins that grows, as parp-p's; 0.2 below --sparsity by default",
    ] = PruneSettings.start_sparsity
    sparsity_path: Annotated[str, "how it grows: linear or cubic"] = PruneSettings.sparsity_path
    score_lr: Annotated[
        float | None,
        "how many times faster than weights scores learn, of router 10, of movement 1e6 by default",
    ] = PruneSettings.score_lr
    alpha: Annotated[
        float | None, "the share of kept weights that rigl replaces at first; 0.3 by default"
    ] = PruneSettings.alpha
    round_updates: Annotated[
        int | None,
        "updates of imp's short finetunings; a third of --updates by default",
        Range(least=1),
    ] = None
    freeze_updates: Annotated[int, "first updates in which only the head trains"] = (
        PruneSettings.freeze_updates
    )

    @classmethod
    def of(cls, found: object, where: str) -> Self:
        """Make it of what an experiment's file holds; an option that is younger has its default.

        Raises `UserError`.
        """
        return filled(cls, found, where, cls.PROGRAM)

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
            f"slr{self.score_lr or 0:g}": self.score_lr is not None,
            f"alpha{self.alpha or 0:g}": self.alpha is not None,
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
        pattern = [] if self.prune_pattern is None else ["--pattern", self.prune_pattern]
        return [*pattern, *([] if self.prune_biases else ["--no-biases"])]

    @property
    def ranking_options(self) -> list[str]:
        """What parp-mask has to be told of the ranking."""
        return [
            "--scope",
            self.scope,
            *([] if self.score == MAGNITUDE else ["--score", self.score]),
        ]

    @property
    def drawn_options(self) -> list[str]:
        """The same of a mask that is drawn uniformly, which has no order of weights."""
        return ["--scope", "tensor" if self.scope in SCOPES else self.scope]

    @property
    def as_before(self) -> frozenset[str]:
        """The options that are younger than experiments that are there, where they are as usual:
        what these remember does not name them.
        """
        usual = (name for name in YOUNGER if getattr(self, name) == getattr(PruneSettings, name))
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
        """Sparsities after IMP's rounds of short finetuning; none with another first mask."""
        return rounds(self.sparsity or 0.0) if self.mask_source == "iterated" else []

    @property
    def round_length(self) -> int:
        """Updates of each of IMP's short finetunings."""
        return self.round_updates or max(1, self.updates // 3)

    @property
    def finetuning_runs(self) -> int:
        """How many finetunings the experiment costs, short ones included; what a given mask cost is
        not known.
        """
        row, source = find_method(self.method), Source[self.mask_source.upper()]
        return 1 + row.runs_before(source, self.sparsity or 0.0)

    @property
    def pruning(self) -> PruneSettings:
        """How the trainer prunes. Raises `UserError` where the settings are wrong or contradict
        each other.
        """
        names = [field.name for field in fields(PruneSettings)]
        # The stage of the first mask makes the files of these sources; any name stands for one
        # here.
        made = Path(self.mask_source) if self.mask_source in FIRST_MASKS else None
        found = {name: getattr(self, name) for name in names}
        return PruneSettings.parse(found | {"initial_mask": self.initial_mask or made})
