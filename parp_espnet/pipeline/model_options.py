"""Options of `phn.sh` that say what is finetuned and how, and the names that follow from them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self

from parp_espnet.names import digest
from parp_espnet.pipeline.data_options import DataOptions
from parp_espnet.pipeline.options import CALL, FILE, Range
from parp_espnet.pipeline.pruning import FASTEST_RATE
from parp_espnet.pipeline.shipped import SHIPPED, upstream_name
from parp_espnet.upstreams.starts import NEAREST

SHARE = Range(least=0, below=1)
DENSE = "dense"
"""The teacher that is the dense experiment with the same settings."""
MODEL = "valid.cer_ctc.ave.pth"
"""ESPnet's name for the best epoch's model, by validation PER."""
COUNTED = Range(least=0)


@dataclass(frozen=True)
class ModelOptions(DataOptions):
    """An upstream, and its finetuning."""

    upstream: Annotated[
        str,
        "shipped upstream (multi, mono), directory, file, or name of the hub; or an experiment, "
        "exp/TAG, to go on from: with its mask, too, by --initial_mask upstream",
    ] = "multi"
    init_head: Annotated[
        str,
        "rows of the new head, where the upstream has one: nearest (of equal phones, else of the "
        "nearest), equal, or none",
    ] = NEAREST
    updates: Annotated[
        int, "optimizer updates of a finetuning; 0: the upstream with its head, zero-shot", COUNTED
    ] = 300
    upstream_init: Annotated[
        str, "pretrained; random: its architecture with random weights, a control"
    ] = "pretrained"
    mask_time_prob: Annotated[
        float | None, "hide spans of frames in training; the upstream's own by default", SHARE
    ] = None
    mask_feature_prob: Annotated[
        float | None, "hide spans of channels; the upstream's own by default", SHARE
    ] = None
    mask_feature_length: Annotated[
        int | None,
        "channels of a span that is hidden; the upstream's own by default",
        Range(least=1),
    ] = None
    layerdrop: Annotated[
        float | None, "leave out a layer so often in training; the upstream's own by default", SHARE
    ] = None
    gradient_checkpointing: Annotated[
        bool,
        "compute layers again in the backward pass: less memory, more time, the same model",
        CALL,
    ] = False
    train_config: Annotated[
        Path | None, "ESPnet training configuration; conf/train/phn.yaml by default", FILE
    ] = None
    keep_checkpoints: Annotated[
        bool, "keep what a complete training could be continued from", CALL
    ] = False
    lr: Annotated[
        float | None,
        "peak learning rate; the training configuration's by default",
        Range(above=0, most=FASTEST_RATE),
    ] = None

    label_prior: Annotated[
        float | None,
        "weight of label priors in CTC's loss: less peaky, for times (see docs/times.md); none by "
        "default",
        Range(above=0, most=1),
    ] = None

    raw_speech: Annotated[
        Path | None,
        "untranscribed recordings, a directory: what --score activation makes the first mask of; "
        "by default the first batches of training",
    ] = None

    teacher: Annotated[
        str | None,
        "learn the label probabilities of another finetuning, too: dense, that with the same "
        "settings, or the directory of a complete one, exp/TAG",
    ] = None
    teacher_weight: Annotated[
        float | None,
        "weight of what they differ by (KL, summed over frames) beside CTC's loss; 1 by default",
        Range(above=0, most=FASTEST_RATE),
    ] = None

    @property
    def dense(self) -> Self:
        """As of any experiment; it has no teacher, and no mask that speech is looked at for."""
        return replace(super().dense, raw_speech=None, teacher=None, teacher_weight=None)

    @property
    def needs_dense(self) -> bool:
        """As of any experiment, or where it is the teacher."""
        return super().needs_dense or self.teacher == DENSE

    @property
    def finetuning_runs(self) -> int:
        """As of any experiment; a teacher that is made for it costs one, unless its mask does."""
        taught = self.teacher == DENSE and not super().needs_dense
        return super().finetuning_runs + taught

    @property
    def teacher_model(self) -> Path | None:
        """The teacher's weights, as the recipe's directory sees them."""
        if self.teacher is None:
            return None
        folder = Path(self.expdir) / self.dense.tag if self.teacher == DENSE else Path(self.teacher)
        return folder / MODEL

    @property
    def teacher_tags(self) -> list[str]:
        """The part of a tag that says whom it learns from."""
        if self.teacher is None:
            return []
        weight = "" if self.teacher_weight is None else f"{self.teacher_weight:g}"
        whose = "" if self.teacher == DENSE else f"-{digest(self.teacher)}"
        return [f"taught{weight}{whose}"]

    @property
    def upstream_settings(self) -> dict[str, float]:
        """What finetuning changes in the upstream's config.json, by Hugging Face's names."""
        settings: dict[str, float] = {}
        for name in ("mask_time_prob", "mask_feature_prob", "mask_feature_length", "layerdrop"):
            value = getattr(self, name)
            if value is not None:
                settings[name] = value
        return settings

    @property
    def upstream_name(self) -> str:
        """Name of the upstream in paths and tags."""
        named = upstream_name(self.upstream)
        for name, value in self.upstream_settings.items():
            named += f"-{name.removesuffix('_prob')}{value:g}"
        return self._with_init(named)

    @property
    def upstream_label(self) -> str:
        """What results call the upstream; with random weights another, whatever the seed that they
        are drawn with.
        """
        source = self.upstream_source
        return source if self.upstream_init == "pretrained" else f"{source}-random"

    @property
    def upstream_source(self) -> str:
        """Where its architecture and weights are from: the name of a shipped one, otherwise what
        the user gave.
        """
        name = upstream_name(self.upstream)
        return name if (SHIPPED / name).is_dir() else self.upstream

    def _with_init(self, name: str) -> str:
        return name if self.upstream_init == "pretrained" else f"{name}-random{self.seed}"
