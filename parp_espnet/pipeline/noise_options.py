"""Options of `phn.sh` for noise and rooms in training, by ESPnet's names: its preprocessor adds
them to each utterance when it is read, anew in every epoch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from parp_espnet.names import digest
from parp_espnet.pipeline.model_options import ModelOptions
from parp_espnet.pipeline.options import CONTENT, FILE, Range

SHARE = Range(least=0, most=1)
SETTINGS = ("noise_apply_prob", "noise_db_range", "rir_apply_prob")


@dataclass(frozen=True)
class NoiseOptions(ModelOptions):
    """What is added to the training speech, to how much of it, and how loud."""

    noise_scp: Annotated[
        Path | None,
        "noise that is added in training: lines 'NAME FILE', recordings of 16 kHz",
        FILE,
        CONTENT,
    ] = None
    noise_apply_prob: Annotated[
        float | None, "share of the utterances that get noise; all by default", SHARE
    ] = None
    noise_db_range: Annotated[
        str | None,
        "how much louder speech is than noise, in dB: LOW_HIGH; 13_15 by default, as in ESPnet",
    ] = None
    rir_scp: Annotated[
        Path | None,
        "rooms that training speech is put in: lines 'NAME FILE', impulse responses of 16 kHz",
        FILE,
        CONTENT,
    ] = None
    rir_apply_prob: Annotated[
        float | None, "share of the utterances that are put in a room; all by default", SHARE
    ] = None

    @property
    def disturbing_lists(self) -> tuple[Path, ...]:
        """The lists of noises and of rooms that are given."""
        return tuple(path for path in (self.noise_scp, self.rir_scp) if path is not None)

    @property
    def noise_tags(self) -> list[str]:
        """The part of a tag that says what is added."""
        if not self.disturbing_lists:
            return []
        return [f"noise{digest(sorted(self.noise_conf.items()))}"]

    @property
    def noise_conf(self) -> dict[str, Any]:
        """The options of ESPnet's training that say what is added."""
        conf: dict[str, Any] = {}
        for name in ("noise_scp", "rir_scp"):
            if getattr(self, name) is not None:
                conf[name] = str(getattr(self, name))
        for name in SETTINGS:
            if getattr(self, name) is not None:
                conf[name] = getattr(self, name)
        return conf
