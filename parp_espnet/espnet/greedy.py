"""CTC without a search: the validation's phone error rate, of the best path, collapsed."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from parp_espnet.recognition.labels import collapse
from parp_espnet.scoring.alignment import Phones
from parp_espnet.scoring.per import count_errors, total


def validate_by_tokens(model: Any) -> None:
    """Make `cer_ctc`, which ESPnet's validation reports, an error rate of tokens: for phones, their
    PER.

    ESPnet joins the tokens and compares characters, so that a wrong tʃ counts twice; and it reads
    the frames of the padding as well. By this the epoch is chosen that the final model comes from:
    on a few minutes of speech the loss is lowest many epochs before the error rate is, since it
    punishes the growing confidence of a few wrong frames.
    """
    plain = model._calc_ctc_loss
    model.error_calculator = None

    def calculate(
        encoded: Tensor, frames: Tensor, targets: Tensor, lengths: Tensor
    ) -> tuple[Tensor, float | None]:
        loss, _ = plain(encoded, frames, targets, lengths)
        if model.training:
            return loss, None
        references: dict[str, Phones] = {}
        for said, count in zip(targets.tolist(), lengths.tolist(), strict=True):
            references[str(len(references))] = _names(said[:count])
        hypotheses: dict[str, Phones] = {}
        for path, count in zip(model.ctc.argmax(encoded).tolist(), frames.tolist(), strict=True):
            hypotheses[str(len(hypotheses))] = _names(collapse(path[:count]))
        return loss, total(count_errors(references, hypotheses)).error_rate

    model._calc_ctc_loss = calculate


def _names(tokens: Iterable[int]) -> Phones:
    return tuple(map(str, tokens))
