"""One upstream that is loaded once, and language packs that it hears with, one after the other.

    upstream = load_upstream(model_called("multi"))
    recogniser = PackRecogniser(upstream, load_pack(Path("es.pack")))
    recogniser.switch(load_pack(Path("tr.pack")))

What it hears is what it would with the language alone, to the bit.
"""

from torch import nn

from parp_espnet.espnet.layouts import speed_up_upstream
from parp_espnet.export.bundle import Bundle
from parp_espnet.export.pack import Pack
from parp_espnet.export.recogniser import PlainRecogniser
from parp_espnet.upstreams.untouched import Upstream

UNHIDDEN = {"mask_time_prob": 0.0, "mask_feature_prob": 0.0}
"""Settings with which transformers has no embedding for what training hides."""


class PackRecogniser(PlainRecogniser):
    """An upstream with the language of a pack, which may be switched.

    Beside the model the upstream's dense weights are kept, those of the pool twice therefore.
    """

    def __init__(self, upstream: Upstream, pack: Pack, device: str = "cpu") -> None:
        """Begin with a language. Raises `UserError` where the pack is of another upstream."""
        self._upstream = upstream
        self._own: set[str] = set()
        super().__init__(_bundle(upstream, pack), device)
        self._own = pack.changed

    def switch(self, pack: Pack) -> None:
        """Hear with another language from now on. Raises `UserError` where the pack is of another
        upstream; the language is then as it was.
        """
        pack.check_fits(self._upstream)
        weights = pack.weights(self._upstream.weights)
        own = set(weights)
        prefix = pack.family.prefix
        for name in self._own - own:
            weights[name] = self._upstream.weights[name.removeprefix(prefix)]
        model = self._model.model
        model.lm_head = nn.Linear(model.lm_head.in_features, len(pack.tokens), device="meta")
        here = {name: tensor.to(self.device) for name, tensor in weights.items()}
        # Assigned, not copied: some of the model's tensors are the upstream's own.
        model.load_state_dict(here, strict=False, assign=True)
        model.requires_grad_(False)
        if self.device == "cpu":
            # What the fast convolutions keep of their weights is computed once.
            speed_up_upstream(self._model.upstream)
        self._own = own
        self._normalise = pack.normalise
        self.tokens = pack.tokens


def _bundle(upstream: Upstream, pack: Pack) -> Bundle:
    """A pack on its upstream, as a bundle of the whole model."""
    pack.check_fits(upstream)
    prefix = pack.family.prefix
    weights = {prefix + name: tensor for name, tensor in upstream.weights.items()}
    weights |= pack.weights(upstream.weights)
    return Bundle(
        folder=pack.place,
        family=pack.family,
        tokens=pack.tokens,
        upstream=pack.upstream | UNHIDDEN,
        preprocessor=upstream.preprocessor,
        normalise=pack.normalise,
        weights=weights,
        decodings=(),
    )
