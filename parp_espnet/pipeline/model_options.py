"""Options of `phn.sh` that say what is finetuned and how, and the names that follow from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.pipeline.data_options import DataOptions
from parp_espnet.pipeline.options import CALL, FILE, Range
from parp_espnet.pipeline.pruning import FASTEST_RATE
from parp_espnet.pipeline.shipped import SHIPPED, upstream_name

SHARE = Range(least=0, below=1)


@dataclass(frozen=True)
class ModelOptions(DataOptions):
    """An upstream, and its finetuning."""

    upstream: Annotated[
        str, "shipped upstream (multi, mono), directory, file, or name of the hub"
    ] = "multi"
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

    raw_speech: Annotated[
        Path | None,
        "untranscribed recordings, a directory: what --score activation makes the first mask of; "
        "by default the first batches of training",
    ] = None

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
