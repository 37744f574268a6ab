"""The stages of `phn.sh`, by the names that its lines have."""

from parp_espnet.pipeline import (
    stages_data,
    stages_decode,
    stages_language,
    stages_masks,
    stages_model,
)

SPEECH = {
    "data": stages_data.make_sets,
    "format": stages_data.format_sets,
    "filter": stages_data.filter_sets,
    "tokens": stages_data.list_tokens,
    "upstream": stages_model.look_at_upstream,
    "first mask": stages_masks.first_mask,
    "statistics": stages_model.collect_statistics,
    "train": stages_model.train,
    "finalise": stages_model.sum_up,
    "language model": stages_language.make_language_models,
    "tune": stages_decode.tune,
    "decode": stages_decode.decode,
    "score": stages_decode.score,
    "results": stages_decode.report,
}
