"""The Transformer layers of a model: found by a family's names, and whole, or refused with what is
missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parp_espnet.errors import UserError, printable
from parp_espnet.pruning.families import FAMILIES, Family

OWN_POOL = "a pool of your own is a regular expression: --prune_pattern, or --pattern of parp-mask"
UPSTREAM = "frontend."
"""What names of an ESPnet model's upstream begin with."""
SHOWN = 6


@dataclass(frozen=True)
class Layers:
    """A stack of layers: by number, the model's name of each tensor of the pool by its kind."""

    family: Family
    stack: str
    numbered: Mapping[int, Mapping[str, str]]
    biases: bool
    """Whether biases belong to the pool."""

    def pool(self) -> dict[str, str]:
        """Return the model's name of each canonical name."""
        names: dict[str, str] = {}
        for number, kinds in self.numbered.items():
            for kind, name in kinds.items():
                names[self.family.canonical(number, kind)] = name
        return names

    def singles(self, names: Iterable[str]) -> dict[str, str]:
        """Return the same of what belongs to the pool outside of the layers."""
        own: dict[str, str] = {}
        for name in names:
            canonical = self.family.canonical_single(name)
            if canonical is None or (not self.biases and canonical.endswith("bias")):
                continue
            if canonical in own:
                raise UserError(
                    f"expected one upstream in the model, found two: {own[canonical]} and {name}"
                )
            own[canonical] = name
        return own

    def check(self, names: Iterable[str]) -> None:
        """Raise `UserError` unless every layer has every kind of tensor of the family, and nothing
        else to prune.
        """
        missing = self._missing()
        if missing:
            raise UserError(
                f"{self.stack}: expected all that a pool has in every layer of {self.family.name}, "
                f"but there is no {_shown(missing)}{self._hint(missing)}; {OWN_POOL}"
            )
        more = self._more(names)
        if more:
            raise UserError(
                f"{self.stack}: expected layers of {self.family.name}, found more in them than "
                f"the pool would hold: "
                f"{_shown(more)}; {OWN_POOL}"
            )

    def _missing(self) -> list[str]:
        """The names that are not there, those of a kind that no layer has as one, with N for the
        number.
        """
        gaps = [number for number in range(max(self.numbered)) if number not in self.numbered]
        missing = [f"{self.stack}.{number}" for number in gaps]
        for kind in self.family.kinds:
            if not self.biases and kind.endswith("bias"):
                continue
            without: list[int] = []
            for number, kinds in self.numbered.items():
                if kind not in kinds:
                    without.append(number)
            if len(without) == len(self.numbered):
                missing.append(f"{self.stack}.N.{kind}")
            else:
                missing += [f"{self.stack}.{number}.{kind}" for number in without]
        return missing

    def _hint(self, missing: Sequence[str]) -> str:
        if not all(name.endswith("bias") for name in missing):
            return ""
        return "; leave biases out with --prune_biases false, or --no-biases of parp-mask"

    def _more(self, names: Iterable[str]) -> list[str]:
        kinds: dict[str, None] = {}
        for name in names:
            number, _, kind = name.removeprefix(f"{self.stack}.").partition(".")
            if not name.startswith(f"{self.stack}.") or not number.isdecimal():
                continue
            if kind not in self.family.kinds and not self.family.apart.fullmatch(kind):
                kinds[f"{self.stack}.N.{kind}"] = None
        return list(kinds)


def find_layers(names: Iterable[str], biases: bool = True) -> Layers | None:
    """Return the layers of a model, whole or not; None where no family's names are found.

    Raises `UserError` where there is more than one stack of layers: an encoder and a decoder, a
    model and its teacher.
    """
    stacks: dict[str, Layers] = {}
    there = set(names)
    for family in FAMILIES:
        for stack, numbered in _numbered(family, names, biases).items():
            if family.beside and f"{stack.rpartition('.')[0]}.{family.beside}" not in there:
                continue
            if family.within and not any(family.within in kinds for kinds in numbered.values()):
                continue
            layers = Layers(family, stack, numbered, biases)
            if stack not in stacks or len(layers.pool()) > len(stacks[stack].pool()):
                stacks[stack] = layers
    own = [layers for layers in stacks.values() if layers.family.is_own(layers.stack)]
    if not own:
        return None
    fed = [layers for layers in own if _is_behind(layers, own)]
    own = [layers for layers in own if layers not in fed]
    others: list[Layers] = []
    for layers in stacks.values():
        if layers in fed:
            continue
        if layers is not own[0] and (layers in own or _attends(layers)):
            others.append(layers)
    if others:
        raise UserError(
            f"expected one upstream in the model, found two: layers in {own[0].stack} and in "
            f"{others[0].stack}, "
            f"of which the pool would hold one only; {OWN_POOL}"
        )
    return own[0]


def _numbered(
    family: Family, names: Iterable[str], biases: bool
) -> dict[str, dict[int, dict[str, str]]]:
    """By stack and number, the names of a family's kinds."""
    stacks: dict[str, dict[int, dict[str, str]]] = {}
    for name in names:
        place = family.kind_of(name)
        if place is None or (not biases and name.endswith("bias")):
            continue
        stack, number, kind = place
        stacks.setdefault(stack, {}).setdefault(number, {})[kind] = name
    return stacks


def _is_behind(layers: Layers, own: Sequence[Layers]) -> bool:
    """Whether a stack is an encoder of ESPnet's that an upstream feeds, and no upstream itself."""
    outer = layers.stack == layers.family.stack
    return outer and any(other.stack.startswith(UPSTREAM) for other in own)


def _attends(layers: Layers) -> bool:
    """Whether a stack under another name has attention: others share no more than a common word
    with the family.
    """
    queries = next(iter(layers.family.kinds))
    return any(queries in kinds for kinds in layers.numbered.values())


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(printable, names[:SHOWN])) + more
