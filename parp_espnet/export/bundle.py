"""A bundle: one folder with all that recognising, aligning and continuing need, and nothing else.

`bundle.json` says what is in it; paths in it are names of files beside it. The model is
`model.safetensors`, by the names of Hugging Face's class with a CTC head.
"""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file
from torch import Tensor

from parp_espnet import __version__
from parp_espnet.decoding.label_prior import FILE as LABEL_PRIOR
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.described import FORMAT, Described, read_described
from parp_espnet.export.formats import Options
from parp_espnet.export.test_set import Compared, compare, find_test_set
from parp_espnet.export.trained import Trained
from parp_espnet.files import parse_yaml, write_json, write_text
from parp_espnet.scoring.result import RESULT
from parp_espnet.upstreams.starts import BUNDLE, SUMMARY
from parp_espnet.upstreams.weights import load_weights

WEIGHTS = "model.safetensors"
MASK = "mask.safetensors"
PLACES = ("output_dir", "config", "_path", "_shape_file", "_data", "_cache", "_dir", "_scp")
"""Options of ESPnet whose names end so are paths of the training's machine."""
OF_LABELS = ("token_list", "merges")
"""ESPnet's option of the labels, and a result's of those that count as one."""


@dataclass(frozen=True, eq=False)
class Bundle(Described):
    """What a bundle holds."""

    weights: Mapping[str, Tensor]
    """By the names of Hugging Face's class with a CTC head."""


def bundle_of(trained: Trained, searched: bool = True) -> Bundle:
    """Return what a bundle of an experiment holds; its tuned searches are left out where they are
    not `searched`. Raises `UserError`.
    """
    return Bundle(
        folder=trained.folder,
        family=trained.family,
        tokens=trained.tokens,
        upstream=trained.upstream,
        preprocessor=trained.preprocessor,
        normalise=trained.do_normalize,
        weights=trained.weights(),
        decodings=trained.decodings if searched else (),
    )


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write a bundle, read it again, and compare what it hears with stage 12."""
    from parp_espnet.export.card import Facts, write_card  # noqa: PLC0415

    bundle = bundle_of(trained)
    weights = {name: tensor.contiguous() for name, tensor in bundle.weights.items()}
    save_file(weights, folder / WEIGHTS, {"format": "pt"})
    write_json(folder / "config.json", bundle.upstream)
    write_json(folder / "preprocessor_config.json", bundle.preprocessor)
    write_text(folder / "tokens.txt", "".join(f"{token}\n" for token in bundle.tokens))
    if trained.fitting_mask is not None:
        shutil.copyfile(trained.fitting_mask, folder / MASK)
    if (trained.folder / LABEL_PRIOR).is_file():
        shutil.copyfile(trained.folder / LABEL_PRIOR, folder / LABEL_PRIOR)
    if trained.result is not None:
        write_json(folder / RESULT, without_places(trained.result.as_json()))
    write_json(folder / SUMMARY, without_places(trained.training))
    decodings = []
    for tuned in bundle.decodings:
        tuned.check(f"remove {trained.folder / tuned.name}, which the bundle then lacks")
        decodings.append(_written(tuned, folder))
    write_json(
        folder / BUNDLE,
        {
            "format": FORMAT,
            "written_by": f"parp-espnet {__version__}",
            "name": trained.name,
            "family": bundle.family.model_type,
            "tokens": list(bundle.tokens),
            "normalise": bundle.normalise,
            "upstream": bundle.upstream,
            "preprocessor": bundle.preprocessor,
            "decodings": decodings,
            "prune_conf": without_places(trained.config.get("prune_conf")),
            "sparsity": trained.sparsity,
            "mask_sha256": trained.mask_sha256,
        },
    )
    compared, said = _check(trained, folder, options)
    best = bundle.decodings[0] if bundle.decodings else None
    facts = Facts("bundle", compared=compared, search=best)
    write_card(trained, folder, facts, options)
    return [facts.told_of_tokens, f"decodes by default: {facts.decoding}", *said]


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle. Raises `UserError` where it is none, damaged, or of a later version."""
    return Bundle(**vars(read_described(folder)), weights=load_weights(folder / WEIGHTS))


def _written(tuned: Tuned, folder: Path) -> dict[str, Any]:
    """Copy what a search needs, of which what has no weight may be gone; return what bundle.json
    says of it.
    """
    ngram = lm = None
    if tuned.ngram is not None and tuned.ngram.is_file():
        ngram = f"ngrams/{tuned.name}{tuned.ngram.suffix}"
        (folder / "ngrams").mkdir(exist_ok=True)
        shutil.copyfile(tuned.ngram, folder / ngram)
    if tuned.lm is not None and tuned.lm.with_name("config.yaml").is_file() and tuned.lm.is_file():
        lm = f"lms/{tuned.name}/{tuned.lm.name}"
        (folder / lm).parent.mkdir(parents=True)
        shutil.copyfile(tuned.lm, folder / lm)
        config = parse_yaml((tuned.lm.parent / "config.yaml").read_text(encoding="utf-8"))
        kept = {name: value for name, value in config.items() if not name.endswith(PLACES)}
        text = yaml.safe_dump(without_places(kept), allow_unicode=True)
        write_text((folder / lm).parent / "config.yaml", text)
    return asdict(replace(tuned, ngram=None, lm=None)) | {"ngram": ngram, "lm": lm}


def without_places(value: Any) -> Any:
    """The same without where things were on the machine of the training: their names stay.

    Labels are no places, though one may begin with a slash.
    """
    if isinstance(value, dict):
        return {
            name: one if name in OF_LABELS else without_places(one) for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_places(one) for one in value]
    if isinstance(value, str) and value.startswith(("/", "../", "./")):
        return Path(value).name
    return value


def _check(trained: Trained, folder: Path, options: Options) -> tuple[Compared | None, list[str]]:
    """Recognise the test set greedily with what was written, and write what starts faster where
    that is asked for; return how tokens compare, and what is to be said.
    """
    from parp_espnet.export.recogniser import PlainRecogniser  # noqa: PLC0415

    tests = find_test_set(trained, options.data)
    if options.onnx:
        from parp_espnet.export.quick_start import add_onnx  # noqa: PLC0415

        compared, said = add_onnx(trained, folder, tests)
        return compared, [said]
    if tests is None:
        return None, []
    return compare(tests, PlainRecogniser(load_bundle(folder)).names), []
