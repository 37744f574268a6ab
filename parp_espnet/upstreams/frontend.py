"""What the preflight leaves in `frontend.json`, as ESPnet's options have it."""

from collections.abc import Mapping
from typing import Any

FRONTEND = "huggingface"
"""ESPnet's name of its frontend for transformers' own code."""
WHISPER = "whisper_encoder"
"""Our name of the frontend for Whisper's encoder; see `parp_espnet.espnet.whisper`."""
ESPNET_SSL = "espnet_ssl"
"""ESPnet's name of its frontend for what it pretrained itself."""
NAME = "frontend"
"""Where such a name is in `frontend.json`."""
KEY = "model"
"""Of such a frontend's settings: where the model is."""
S3PRL_KEY = "path_or_url"
"""Of s3prl's upstream, and of what ESPnet pretrained."""


def frontend_options(left: Mapping[str, Any]) -> dict[str, Any]:
    """Return ESPnet's `frontend` and `frontend_conf` of what the preflight has left.

    That of s3prl is what a training configuration says anyhow, and has an inner `frontend_conf`;
    the last layer is what CTC stands on.
    """
    if KEY in left:
        conf = {name: value for name, value in left.items() if name != NAME}
        return {"frontend": left.get(NAME, FRONTEND), "frontend_conf": conf}
    if left.get(NAME) == ESPNET_SSL:
        # Else it hides as much of an utterance as in pretraining.
        inner = {S3PRL_KEY: left[S3PRL_KEY]}
        conf = {"frontend_conf": inner, "multilayer_feature": False, "mask_feats": False}
        return {"frontend": ESPNET_SSL, "frontend_conf": conf}
    return {"frontend_conf": {"frontend_conf": dict(left), "multilayer_feature": False}}


def place_of(conf: Mapping[str, Any] | None) -> tuple[dict[str, Any], str]:
    """Return the settings of a `frontend_conf` that say where the upstream is, and the name under
    which they do.
    """
    given: Any = conf or {}
    if KEY in given:
        return given, KEY
    return given.get("frontend_conf") or {}, S3PRL_KEY
