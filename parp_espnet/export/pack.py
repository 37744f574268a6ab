"""A language pack: one file that makes an upstream, which stays as it was, a recogniser of a
language.

It is sparse safetensors (docs/sparse_format.md): `mask/NAME` has a bit for each weight that may be
pruned, as mask files do, or `adapter/NAME.a` and `adapter/NAME.b` are two matrices whose product
`b @ a` is added to the upstream's; `beside/NAME` is what else was trained, head and LayerNorms,
whole; `ngram/NAME` is a file. What it says of itself is JSON in its metadata, under `pack`. Names
are those of transformers' class with a CTC head.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet import __version__
from parp_espnet.errors import UserError, printable
from parp_espnet.export.adapters import Adapter, joined, parted
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.names import FAMILIES, HEAD, Family
from parp_espnet.export.read_sparse import read_metadata, read_sparse
from parp_espnet.export.sparse import save_sparse
from parp_espnet.files import need_file
from parp_espnet.names import plain_name
from parp_espnet.pruning.bits import LARGEST_HEADER
from parp_espnet.pruning.mask_file import pack as packed
from parp_espnet.pruning.mask_file import unpack

if TYPE_CHECKING:
    from parp_espnet.upstreams.untouched import Upstream

OF_MASKS, OF_ADAPTERS = 1, 2
"""Formats. Earlier versions read packs of masks alone."""
MASKS, ADAPTERS, BESIDE, NGRAMS = "mask/", "adapter/", "beside/", "ngram/"
CHECKSUM = "pack_crc32"
"""Of what a file says of itself, which the checksum of its tensors does not cover."""
SHOWN = 12
"""Letters of a hash that are shown."""

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pack:
    """What a language adds to an upstream."""

    place: Path
    """Its file, or the experiment that it is made of."""
    family: Family
    tokens: tuple[str, ...]
    """Labels in their order, ESPnet's blank first."""
    upstream: dict[str, Any]
    """The upstream's Hugging Face configuration, as training saw it."""
    normalise: bool
    """Whether waves have mean 0 and variance 1 before the upstream hears them."""
    upstream_name: str
    upstream_sha256: str
    """`Upstream.sha256` of the upstream that it is of."""
    masks: Mapping[str, Array]
    """A bit for each weight that may be pruned, 1 where it is kept: uint8, (⌈weights / 8⌉,)."""
    beside: Mapping[str, Tensor]
    """What else was trained, float32."""
    decodings: tuple[Tuned, ...] = ()
    """Tuned searches, that with the least errors first; where one has an n-gram, its path is a name
    among `ngrams`.
    """
    ngrams: Mapping[str, bytes] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    """What else it says of how it was made."""
    adapters: Mapping[str, Adapter] = field(default_factory=dict)
    """What is added to the upstream's weights."""

    @property
    def changed(self) -> set[str]:
        """Names of the tensors in which the language's model differs from the upstream."""
        return {*self.masks, *self.adapters, *self.beside}

    def check_fits(self, upstream: "Upstream") -> None:
        """Raise `UserError` unless it is of this upstream."""
        from parp_espnet.upstreams.untouched import differing  # noqa: PLC0415  # seconds of imports

        if self.upstream_sha256 != upstream.sha256:
            raise UserError(
                f"{self.place}: expected the upstream {printable(self.upstream_name)} (sha256 "
                f"{self.upstream_sha256[:SHOWN]}), of which the pack is, found {upstream.folder} "
                f"({upstream.sha256[:SHOWN]}); give the one that it was trained on"
            )
        others = differing(self.upstream, upstream.config)
        if others:
            raise UserError(
                f"{self.place}: expected an upstream whose config.json has {others[0]} "
                f"{self.upstream.get(others[0])}, found {upstream.folder}, which has "
                f"{upstream.config.get(others[0])}; give the one that it was trained on"
            )

    def weights(self, dense: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors in which the language's model differs from the upstream, by the names
        of Hugging Face's class with a CTC head.

        Args:
            dense: the upstream's, by transformers' names without a head.

        Raises `UserError` where the pack covers other tensors than these.
        """
        named = {self.family.prefix + name: tensor for name, tensor in dense.items()}
        shapes = {name: tuple(named[name].shape) for name in self.masks if name in named}
        bits = {name: torch.from_numpy(mask) for name, mask in self.masks.items()}
        try:
            kept = unpack(bits, shapes)
        except ValueError as error:
            raise UserError(
                f"{self.place}: the mask does not fit the upstream ({printable(error)}); export it "
                f"again"
            ) from None
        for name, tensor in self.beside.items():
            if name not in HEAD and (name not in named or named[name].shape != tensor.shape):
                raise UserError(
                    f"{self.place}: {printable(name)}: the upstream has none of shape "
                    f"{tuple(tensor.shape)}; export it again"
                )
        changed = {name: named[name] * kept[name] for name in kept}
        for name, adapter in self.adapters.items():
            if name not in named or tuple(named[name].shape) != adapter.shape:
                raise UserError(
                    f"{self.place}: {printable(name)}: the upstream has none of shape "
                    f"{adapter.shape}, to which its adapter is added; export it again"
                )
            changed[name] = adapter.added_to(named[name])
        return changed | dict(self.beside)

    def searches(self, folder: Path) -> tuple[Tuned, ...]:
        """Return the tuned searches, whose n-grams are written into a folder."""
        found = []
        for tuned in self.decodings:
            if tuned.ngram is None:
                found.append(tuned)
                continue
            name = str(tuned.ngram)
            file = folder / plain_name(name)
            file.write_bytes(self.ngrams[name])
            found.append(replace(tuned, ngram=file))
        return tuple(found)

    def save(self, path: Path) -> None:
        """Write the file, the same bytes from the same pack. Raises `UserError` where the disk is
        full.
        """
        tensors: dict[str, Array] = {}
        for name, mask in self.masks.items():
            tensors[MASKS + name] = mask
        for name, part in parted(self.adapters).items():
            tensors[ADAPTERS + name] = part
        for name, tensor in self.beside.items():
            tensors[BESIDE + name] = tensor.contiguous().numpy()
        for name, content in self.ngrams.items():
            tensors[NGRAMS + name] = np.frombuffer(content, np.uint8)
        told = self._said() | {"tensors": _signature(tensors)}
        said = json.dumps(told, ensure_ascii=False, sort_keys=True, allow_nan=False)
        metadata = {"pack": said, CHECKSUM: str(zlib.crc32(said.encode()))}
        save_sparse(path, tensors, metadata)

    def _said(self) -> dict[str, Any]:
        decodings = []
        for tuned in self.decodings:
            ngram = None if tuned.ngram is None else str(tuned.ngram)
            decodings.append(asdict(replace(tuned, ngram=None, lm=None)) | {"ngram": ngram})
        return {
            "format": OF_ADAPTERS if self.adapters else OF_MASKS,
            "written_by": f"parp-espnet {__version__}",
            "family": self.family.model_type,
            "tokens": list(self.tokens),
            "upstream": self.upstream,
            "normalise": self.normalise,
            "upstream_name": self.upstream_name,
            "upstream_sha256": self.upstream_sha256,
            "decodings": decodings,
            "told": dict(self.told),
        }


def pack_bits(kept: Mapping[str, Tensor]) -> dict[str, Array]:
    """Return masks, boolean, as a pack has them."""
    return {name: bits.numpy() for name, bits in packed(kept).items()}


def _signature(tensors: Mapping[str, Array]) -> int:
    """A checksum of what tensors are called, and of their types and shapes."""
    lines = sorted(f"{name} {one.dtype} {list(one.shape)}" for name, one in tensors.items())
    return zlib.crc32("\n".join(lines).encode())


def is_pack(path: Path) -> bool:
    """Whether a file's header says that it is a language pack; a model of gigabytes is not read
    for that.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        return 0 < length <= LARGEST_HEADER and CHECKSUM.encode() in file.read(length)


def load_pack(path: Path) -> Pack:
    """Read a pack. Raises `UserError` where it is none, damaged, or of a later version."""
    need_file(path)
    try:
        tensors = read_sparse(path)
        said = _said_in(path)
        if said.get("format") not in (OF_MASKS, OF_ADAPTERS):
            raise UserError(
                f"{path}: expected a language pack of format {OF_MASKS} or {OF_ADAPTERS}, found "
                f"{str(said.get('format'))[:SHOWN]}; install a newer parp-espnet"
            )
        return _made(path, tensors, said)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise UserError(
            f"{path}: expected a language pack, as parp-export --to pack writes it, found another "
            f"or a damaged file ({printable(error)}); export it again"
        ) from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def _said_in(path: Path) -> dict[str, Any]:
    """What a file says of itself. Raises `ValueError`."""
    metadata = read_metadata(path)
    if "pack" not in metadata:
        raise ValueError("it says nothing of a pack")
    if str(zlib.crc32(metadata["pack"].encode())) != metadata.get(CHECKSUM):
        raise ValueError("what it says of itself does not match its checksum")
    found: dict[str, Any] = json.loads(metadata["pack"])
    return found


def _made(path: Path, tensors: Mapping[str, Array], said: Mapping[str, Any]) -> Pack:
    """The pack of a file's contents. Raises `ValueError`, `KeyError` and `TypeError`."""
    if _signature(tensors) != said["tensors"]:
        raise ValueError("its tensors are others than it says")
    parts: dict[str, dict[str, Array]] = {MASKS: {}, ADAPTERS: {}, BESIDE: {}, NGRAMS: {}}
    for name, tensor in tensors.items():
        kind, _, own = name.partition("/")
        parts[f"{kind}/"][own] = tensor
    tokens = _tokens(said["tokens"])
    for name in HEAD:
        if len(parts[BESIDE][name]) != len(tokens):
            raise ValueError(f"expected {name} of {len(tokens)} tokens")
    ngrams = {name: content.tobytes() for name, content in parts[NGRAMS].items()}
    return Pack(
        place=path,
        family=FAMILIES[said["family"]],
        tokens=tokens,
        upstream=dict(said["upstream"]),
        normalise=bool(said["normalise"]),
        upstream_name=str(said["upstream_name"]),
        upstream_sha256=str(said["upstream_sha256"]),
        masks=parts[MASKS],
        beside={name: torch.from_numpy(tensor) for name, tensor in parts[BESIDE].items()},
        decodings=tuple(_search(entry, ngrams) for entry in said["decodings"]),
        ngrams=ngrams,
        told=dict(said["told"]),
        adapters=joined(parts[ADAPTERS]),
    )


def _tokens(said: object) -> tuple[str, ...]:
    """Labels, each a word of its own. Raises `ValueError`."""
    if not isinstance(said, list) or not all(isinstance(token, str) for token in said):
        raise ValueError("its tokens are no words")
    for token in said:
        # In transcripts they stand between spaces, tabs and ends of lines.
        if [printable(token)] != token.split() or said.count(token) > 1:
            raise ValueError(f"its tokens are no words of their own, such as {token}")
    return tuple(said)


def _search(entry: Mapping[str, Any], ngrams: Mapping[str, bytes]) -> Tuned:
    ngram = entry["ngram"]
    if ngram is not None and (ngram not in ngrams or ngram.startswith(".")):
        raise ValueError(f"it has no n-gram {ngram}")
    return Tuned.from_json(entry, None if ngram is None else Path(ngram))
