"""Hugging Face's format: what `AutoModelForCTC`, `AutoProcessor` and `pipeline` load."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.formats import Options
from parp_espnet.export.halves import need_half_holds
from parp_espnet.export.model import filled, transformers_class
from parp_espnet.export.test_set import Compared, compare, find_test_set
from parp_espnet.export.trained import Trained
from parp_espnet.files import write_json
from parp_espnet.phones.spelled import SPACE, are_pieces
from parp_espnet.recognition.grid import RATE

BLANK, UNKNOWN = "<blank>", "<unk>"
DELIMITER = "|"
"""What is between words: transformers 5.23 forgets another one when it loads what it has saved."""
TYPES = {"fp32": torch.float32, "fp16": torch.float16}
LEAST_EQUAL = 0.5
"""Below this share of utterances with stage 12's tokens it is another model, by some defect."""


def check_half(model: nn.Module) -> None:
    """Raise `UserError` where a model has a number that is too large for fp16."""
    for name, tensor in model.state_dict().items():
        # Whole numbers, such as a count of batches, stay as they are.
        if tensor.is_floating_point():
            need_half_holds(name, tensor.float().numpy(), "give --dtype fp32")


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write model, tokeniser and preprocessor, and compare what they make with stage 12.

    Raises `UserError` where the weights do not fit transformers' class, or fp16, or the tokens are
    others.
    """
    model = filled(trained.family, trained.upstream, trained.weights(), str(trained.folder))
    model.config.update(_settings(trained))
    if options.dtype == "fp16":
        check_half(model)
    model.to(TYPES[options.dtype]).save_pretrained(folder)
    write_processor(trained, folder)
    facts = Facts("hf", dtype=options.dtype, compared=_check(trained, folder, options))
    write_card(trained, folder, facts, options)
    return [facts.told_of_tokens]


def _settings(trained: Trained) -> dict[str, Any]:
    """What of the configuration is not the upstream's own."""
    return {
        "architectures": [trained.family.model_class],
        "vocab_size": len(trained.tokens),
        "pad_token_id": trained.tokens.index(BLANK),
        "bos_token_id": None,
        "eos_token_id": None,
        "ctc_zero_infinity": True,
        "layerdrop": 0.0,
    }


def write_processor(trained: Trained, folder: Path) -> None:
    """Write the tokeniser, which spells labels as stage 12 does, and what makes samples of waves as
    training heard them. Raises `UserError` where letters cannot be told from what is between words.
    """
    spelled = SPACE in trained.tokens
    if are_pieces(trained.tokens):
        raise UserError(
            f"{trained.folder}: hf: expected phones or letters, found subwords, of which "
            f"transformers' tokenizers for CTC make no words; take --to bundle, onnx or espnet"
        )
    if spelled and DELIMITER in trained.tokens:
        raise UserError(
            f"{trained.folder}: hf: expected letters without {DELIMITER}, which transformers has "
            f"between words, found it; take --to bundle or onnx"
        )
    names = [DELIMITER if token == SPACE else token for token in trained.tokens]
    write_json(folder / "vocab.json", {name: place for place, name in enumerate(names)})
    words: dict[str, Any] = {"do_lower_case": False}
    phones: dict[str, Any] = {"do_phonemize": False}
    # The plain tokeniser joins labels without spaces: right for letters alone.
    kind = "Wav2Vec2CTCTokenizer" if spelled else "Wav2Vec2PhonemeCTCTokenizer"
    tokenizer = transformers_class(kind)(
        str(folder / "vocab.json"),
        pad_token=BLANK,
        unk_token=UNKNOWN,
        bos_token=None,
        eos_token=None,
        **(words if spelled else phones),
    )
    extractor = transformers_class("Wav2Vec2FeatureExtractor")(
        feature_size=1,
        sampling_rate=RATE,
        padding_value=0.0,
        do_normalize=trained.do_normalize,
        return_attention_mask=True,
    )
    transformers_class("Wav2Vec2Processor")(extractor, tokenizer).save_pretrained(folder)
    # Where transformers before 5 looks for it.
    extractor.save_pretrained(folder)


def _check(trained: Trained, folder: Path, options: Options) -> Compared | None:
    """Load what was written, as others will, and compare it with stage 12 on the whole test set."""
    tests = find_test_set(trained, options.data)
    if tests is None:
        return None
    model = transformers_class("AutoModelForCTC").from_pretrained(folder, dtype=torch.float32)
    processor = transformers_class("AutoProcessor").from_pretrained(folder)
    spelled = SPACE in trained.tokens
    if spelled:
        texts = {name: (spell(tokens),) for name, tokens in tests.tokens.items()}
        tests = replace(tests, tokens=texts)

    def recognise(samples: NDArray[np.float32]) -> tuple[str, ...]:
        heard = processor(samples, sampling_rate=RATE, return_tensors="pt")
        if heard.input_values.shape[1] < trained.grid.field:
            return ("",) if spelled else ()
        with torch.inference_mode():
            labels = model(**heard).logits.argmax(-1)[0]
        text = processor.tokenizer.decode(labels)
        return (text,) if spelled else tuple(text.split())

    compared = compare(tests, recognise)
    if compared.equal < LEAST_EQUAL * compared.utterances:
        raise UserError(
            f"{trained.folder}: as a {trained.family.model_class} it is another model: only "
            f"{compared.told}; is transformers newer than tested?"
        )
    return compared


def spell(letters: Sequence[str]) -> str:
    """The text of letters, as transformers' tokeniser joins them: without spaces at its ends."""
    return "".join(" " if letter == SPACE else letter for letter in letters).strip()
