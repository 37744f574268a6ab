"""Whether a model's pool can be ranked as is asked for: as soon as the model is known, and not
after the finetunings whose weights are ranked.
"""

from collections.abc import Iterator
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.acts import Act, ours
from parp_espnet.pipeline.stages_masks import Masked
from parp_espnet.pipeline.step import Step
from parp_espnet.pruning.patterns import has_one_sparsity, is_pattern
from parp_espnet.pruning.regrowth import widest


def is_to_be_checked(experiment: Masked) -> bool:
    """Whether a pool may have names or shapes that its ranking does not fit. Whole units are looked
    at where a finetuning comes before: training looks at them, too.
    """
    settings = experiment.settings
    row = settings.pruning.row
    if not settings.sparsity or not row.prunes:
        return False
    # A mask from elsewhere that stays is ranked by nobody.
    if settings.mask_source == "file" and not row.adjusts:
        return False
    if settings.rates is not None or has_one_sparsity(settings.scope):
        return True
    return is_pattern(settings.scope) and settings.finetuning_runs > 1


def check_pool(experiment: Masked, label: str) -> Iterator[Act]:
    """Refuse what cannot be ranked; nothing where any pool can."""
    if not is_to_be_checked(experiment):
        return
    settings = experiment.settings
    largest = widest(settings.pruning)
    sparsities = ("--sparsity", f"{settings.sparsity:.10g}", "--largest", f"{largest:.10g}")
    words = ("--scope", settings.scope, *settings.pool_options, *sparsities)
    yield Step(
        label=label,
        command=ours("check_pool", "--model", experiment.pool_model, *words),
        record=experiment.exp / ".steps/pool.json",
        inputs=(experiment.pool_input, *settings.ranking_inputs),
    )


def check(
    model: Path, scope: str, sparsity: float, largest: float, pattern: str | None, biases: bool
) -> str:
    """Return what was looked at.

    Args:
        largest: sparsity that weights are ranked at.

    Raises:
        UserError: the pool cannot be ranked so.
    """
    # Imported here: torch takes seconds, and stages are planned without it.
    from parp_espnet.pipeline.mask_actions import counting_heads  # noqa: PLC0415
    from parp_espnet.pruning.pool import find_pool, shapes_of  # noqa: PLC0415
    from parp_espnet.pruning.ranking import Ranking  # noqa: PLC0415
    from parp_espnet.upstreams.weights import load_weights  # noqa: PLC0415

    weights = load_weights(model)
    ranking = counting_heads(Ranking.of(scope=scope), model)
    try:
        shapes = shapes_of(find_pool(weights, pattern, biases, ranking.prunes_channels))
    except UserError:
        # The model has a pool, or stage 5 had ended; its file has more than is trained.
        return f"{model}: {scope} is looked at where training begins"
    try:
        ranking.check_pool(shapes, sparsity, largest)
    except UserError as error:
        raise UserError(f"{scope}, {model}: {error}") from None
    return f"{model}: {scope} can have a sparsity of {sparsity:g} in {len(shapes)} tensors"
