"""The names of a model's tensors: ESPnet's and s3prl's, and Hugging Face's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parp_espnet.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

BEFORE_UPSTREAM = "frontend.upstream.upstream.model."
"""What stands before an upstream's own names in an ESPnet model."""
HEAD = {"lm_head.weight": "ctc.ctc_lo.weight", "lm_head.bias": "ctc.ctc_lo.bias"}
"""Hugging Face's name of the CTC layer → ESPnet's."""
UNUSED = ("frontend.featurizer.weights",)
"""What s3prl weighs layers with where several are used; here the last one alone is."""


class NotPlainError(UserError):
    """A model has parts that an upstream with a CTC head has no place for: only ESPnet reads it."""


@dataclass(frozen=True)
class Family:
    """A kind of upstream: what Hugging Face calls it, and what training ran it in."""

    model_type: str
    model_class: str
    """Its class with a CTC head in transformers."""
    upstream_class: str
    """Its class without one."""
    prefix: str
    """What stands before the upstream's names there."""
    native: bool = False
    """Whether training ran it in s3prl's own code, by the names of fairseq."""
    epsilon: float = 1e-7
    """What is added to a wave's variance before it is divided by."""


FAMILIES = {
    "hubert": Family("hubert", "HubertForCTC", "HubertModel", "hubert."),
    "wav2vec2": Family("wav2vec2", "Wav2Vec2ForCTC", "Wav2Vec2Model", "wav2vec2."),
    "wavlm": Family("wavlm", "WavLMForCTC", "WavLMModel", "wavlm.", native=True, epsilon=1e-5),
    "data2vec-audio": Family(
        "data2vec-audio",
        "Data2VecAudioForCTC",
        "Data2VecAudioModel",
        "data2vec_audio.",
        native=True,
        epsilon=1e-5,
    ),
}
"""`model_type` → family. Others are converted to one of these before they are trained."""


def to_hugging_face(
    family: Family, upstream: Mapping[str, Any], states: Mapping[str, "Tensor"], where: str
) -> dict[str, "Tensor"]:
    """Return a model by the names of Hugging Face's class with a CTC head.

    Args:
        upstream: the upstream's Hugging Face configuration.
        states: the model by ESPnet's names.
        where: what begins the error.

    Raises `NotPlainError` where something has no place there.
    """
    own = {
        name.removeprefix(BEFORE_UPSTREAM): tensor
        for name, tensor in states.items()
        if name.startswith(BEFORE_UPSTREAM)
    }
    if family.native:
        own = _from_native(family, upstream, own)
    found = {family.prefix + name: tensor for name, tensor in own.items()}
    for name, name_in_espnet in HEAD.items():
        found[name] = states[name_in_espnet]
    known = {*UNUSED, *HEAD.values()}
    left = [name for name in states if not name.startswith(BEFORE_UPSTREAM) and name not in known]
    if left:
        raise NotPlainError(
            f"{where}: {len(left)} tensors have no place in a {family.model_class}, such as "
            f"{left[0]}: what is exported is an upstream with a CTC head, and nothing else"
        )
    return found


def _from_native(
    family: Family, upstream: Mapping[str, Any], own: Mapping[str, "Tensor"]
) -> dict[str, "Tensor"]:
    """The same tensors by Hugging Face's names; those are the model's own, renamed as before
    training.
    """
    import torch  # noqa: PLC0415

    from parp_espnet.export.model import build_upstream  # noqa: PLC0415
    from parp_espnet.upstreams.wavlm import native_weights  # noqa: PLC0415

    with torch.device("meta"):
        plain = build_upstream(family, upstream).state_dict()
    layer_norm = family.model_type != "wavlm" or upstream["feat_extract_norm"] == "layer"
    found = {}
    for name in plain:
        (native,) = native_weights({name: plain[name]}, layer_norm)
        if native in own:
            found[name] = own[native]
    return found
