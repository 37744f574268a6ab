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
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import UserError
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.formats import Options
from parp_espnet.export.names import FAMILIES, Family
from parp_espnet.export.trained import Trained
from parp_espnet.files import parse_yaml, read_json, write_json, write_text
from parp_espnet.upstreams.weights import load_weights

BUNDLE = "bundle.json"
WEIGHTS = "model.safetensors"
MASK = "mask.safetensors"
FORMAT = 1
FIELDS = ("family", "tokens", "upstream", "preprocessor", "normalise", "decodings")
PLACES = ("output_dir", "config", "_path", "_shape_file", "_data", "_cache", "_dir", "_scp")
"""Options of ESPnet whose names end so are paths of the training's machine."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a bundle holds."""

    folder: Path
    family: Family
    tokens: tuple[str, ...]
    upstream: dict[str, Any]
    """The upstream's Hugging Face configuration, of which the layers are built again."""
    preprocessor: dict[str, Any]
    normalise: bool
    weights: Mapping[str, Tensor]
    """By the names of Hugging Face's class with a CTC head."""
    decodings: tuple[Tuned, ...]
    """Tuned searches, that with the least errors on the validation set first."""


def bundle_of(trained: Trained) -> Bundle:
    """Return what a bundle of an experiment holds. Raises `UserError`."""
    return Bundle(
        folder=trained.folder,
        family=trained.family,
        tokens=trained.tokens,
        upstream=trained.upstream,
        preprocessor=trained.preprocessor,
        normalise=trained.do_normalize,
        weights=trained.weights(),
        decodings=trained.decodings,
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
    if trained.mask is not None:
        shutil.copyfile(trained.mask, folder / MASK)
    if trained.result is not None:
        write_json(folder / "result.json", without_places(trained.result.as_json()))
    write_json(folder / "training.json", without_places(trained.training))
    decodings = [_written(tuned, folder) for tuned in bundle.decodings]
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
            "mask_sha256": trained.training.get("mask_sha256"),
        },
    )
    compared = _check(trained, folder, options)
    best = bundle.decodings[0].told if bundle.decodings else "greedy"
    facts = Facts("bundle", compared=compared, decoding=best)
    write_card(trained, folder, facts, options)
    return [facts.told_of_tokens, f"decodes by default: {best}"]


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle. Raises `UserError` where it is none, damaged, or of a later version."""
    found = read_json(folder / BUNDLE)
    lacking = [name for name in FIELDS if not isinstance(found, dict) or name not in found]
    if lacking:
        raise UserError(f"{folder / BUNDLE}: expected a bundle, found no {', '.join(lacking)}")
    if found.get("format") != FORMAT:
        raise UserError(
            f"{folder / BUNDLE}: expected format {FORMAT}, found {found.get('format')}; install a "
            f"newer parp-espnet"
        )
    if found["family"] not in FAMILIES:
        raise UserError(f"{folder / BUNDLE}: family: found {found['family']}, which is unknown")
    try:
        decodings = tuple(_read(folder, entry) for entry in found["decodings"])
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{folder / BUNDLE}: decodings: the file is damaged") from None
    return Bundle(
        folder=folder,
        family=FAMILIES[found["family"]],
        tokens=tuple(found["tokens"]),
        upstream=found["upstream"],
        preprocessor=found["preprocessor"],
        normalise=bool(found["normalise"]),
        weights=load_weights(folder / WEIGHTS),
        decodings=decodings,
    )


def _written(tuned: Tuned, folder: Path) -> dict[str, Any]:
    """Copy what a search needs; return what bundle.json says of it."""
    ngram = lm = None
    if tuned.ngram is not None:
        ngram = f"ngrams/{tuned.name}{tuned.ngram.suffix}"
        (folder / "ngrams").mkdir(exist_ok=True)
        shutil.copyfile(tuned.ngram, folder / ngram)
    if tuned.lm is not None:
        lm = f"lms/{tuned.name}/{tuned.lm.name}"
        (folder / lm).parent.mkdir(parents=True)
        shutil.copyfile(tuned.lm, folder / lm)
        config = parse_yaml((tuned.lm.parent / "config.yaml").read_text(encoding="utf-8"))
        kept = {name: value for name, value in config.items() if not name.endswith(PLACES)}
        text = yaml.safe_dump(without_places(kept), allow_unicode=True)
        write_text((folder / lm).parent / "config.yaml", text)
    return asdict(replace(tuned, ngram=None, lm=None)) | {"ngram": ngram, "lm": lm}


def _read(folder: Path, entry: dict[str, Any]) -> Tuned:
    """A search of a bundle; raises `KeyError`, `TypeError` and `ValueError` where it is damaged."""
    places = {}
    for name in ("ngram", "lm"):
        given = entry[name]
        if given is not None and (Path(given).is_absolute() or ".." in Path(given).parts):
            raise ValueError(f"{given}: leads out of the bundle")
        places[name] = None if given is None else folder / given
    return Tuned(
        name=str(entry["name"]),
        beam=int(entry["beam"]),
        weights=Weights(**{name: float(value) for name, value in entry["weights"].items()}),
        tuned_on=str(entry["tuned_on"]),
        error_rate=float(entry["error_rate"]),
        ngram=places["ngram"],
        lm=places["lm"],
    )


def without_places(value: Any) -> Any:
    """The same without where things were on the machine of the training: their names stay."""
    if isinstance(value, dict):
        return {name: without_places(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(one) for one in value]
    if isinstance(value, str) and value.startswith(("/", "../", "./")):
        return Path(value).name
    return value


def _check(trained: Trained, folder: Path, options: Options) -> Any:
    """Recognise the test set greedily with what was written."""
    from parp_espnet.export.recogniser import PlainRecogniser  # noqa: PLC0415
    from parp_espnet.export.test_set import compare, find_test_set  # noqa: PLC0415

    tests = find_test_set(trained, options.data)
    if tests is None:
        return None
    recogniser = PlainRecogniser(load_bundle(folder))
    return compare(
        tests, lambda samples: tuple(phone.name for phone in recogniser.recognise([samples])[0])
    )
