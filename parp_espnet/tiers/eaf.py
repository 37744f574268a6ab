"""ELAN's files (.eaf): EAF 3.0, as the Max Planck Institute's description of the format has it
(https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf). Those of 2.x are read alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from parp_espnet.errors import UserError
from parp_espnet.tiers.parents import parents_of, speakers_of, tiers_above
from parp_espnet.tiers.tier import Annotation, Medium, Tier, Tiers

ROOT = "ANNOTATION_DOCUMENT"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps "
    "allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to "
    "the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps "
    "are allowed",
}
"""What ELAN itself writes of the ways in which a tier may be part of another."""
FREE, INCLUDED = "default-lt", "included-lt"
"""Types of tiers that have none: ELAN's own, and that of parts of others. Who adds a tier in ELAN
chooses among those of the file: none is called as a tier, whose name also asks for its type.
"""


def read_eaf(path: Path) -> Tiers:
    """Read a file of ELAN's.

    An annotation without times of its own has those of the one that it refers to, and several that
    refer to one are one text. Where ELAN has left a time open, between two parts of a longer
    annotation, the parts are of equal length, as ELAN shows them.

    Raises:
        UserError: it is no such file.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UserError(f"{path}: expected a file of ELAN's, found no XML ({error})") from None
    if root.tag != ROOT:
        raise UserError(f"{path}: expected a file of ELAN's ({ROOT}), found {root.tag}")
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise UserError(f"{path}: expected times in milliseconds, found {units}")
    try:
        media, slots = _media(root), _slots(root)
    except ValueError as error:
        raise UserError(f"{path}: expected whole milliseconds ({error})") from None
    reading = _Reading(slots)
    elements = root.findall("TIER")
    parents = parents_of(elements)
    # Of a tier and its parts, the times of the parts lie between those that the tier has.
    for tier in sorted(elements, key=lambda tier: len(tiers_above(tier, parents))):
        reading.align(tier)
    speakers = speakers_of(elements, parents)
    tiers = [reading.tier(tier, parents, speakers) for tier in elements]
    return Tiers(path, tiers, media, reading.faults)


def _slots(root: Element) -> dict[str, int | None]:
    """The times of the file, in milliseconds; None where one is left open."""
    slots: dict[str, int | None] = {}
    for slot in root.iterfind("TIME_ORDER/TIME_SLOT"):
        value = slot.get("TIME_VALUE")
        slots[slot.get("TIME_SLOT_ID", "")] = None if value is None else int(value)
    return slots


def _media(root: Element) -> list[Medium]:
    """The recordings that are linked, a path relative to the file before any other."""
    media = []
    for descriptor in root.iterfind("HEADER/MEDIA_DESCRIPTOR"):
        origin = int(descriptor.get("TIME_ORIGIN", "0")) / 1000
        for name in ("RELATIVE_MEDIA_URL", "MEDIA_URL"):
            if url := descriptor.get(name):
                media.append(Medium(url, origin))
    return media


@dataclass
class _Reading:
    """A file as far as it has been read.

    Attributes:
        slots: the times, in milliseconds; None where one is left open.
        times: when each annotation is, in milliseconds, by its id.
        refers: to which annotation each of the others refers.
    """

    slots: dict[str, int | None]
    times: dict[str, tuple[int, int]] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def align(self, tier: Element) -> None:
        """Note when each annotation of a tier is, or what it refers to."""
        aligned = list(tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"))
        after = {one.get("TIME_SLOT_REF1", ""): one.get("TIME_SLOT_REF2", "") for one in aligned}
        self._close(after)
        for annotation in aligned:
            name = annotation.get("ANNOTATION_ID", "")
            begin = self.slots.get(annotation.get("TIME_SLOT_REF1", ""))
            end = self.slots.get(annotation.get("TIME_SLOT_REF2", ""))
            if begin is None or end is None:
                continue
            self.times[name] = (begin, end)
        for annotation in tier.iterfind("ANNOTATION/REF_ANNOTATION"):
            name = annotation.get("ANNOTATION_ID", "")
            self.refers[name] = annotation.get("ANNOTATION_REF", "")

    def _close(self, after: Mapping[str, str]) -> None:
        """Give times to the slots that are left open between annotations that touch."""
        for first in after:
            if self.slots.get(first) is None:
                continue
            chain = [first]
            while (following := after.get(chain[-1])) is not None and following not in chain:
                chain.append(following)
                if self.slots.get(following) is not None:
                    break
            begin, end = self.slots[chain[0]], self.slots.get(chain[-1])
            if begin is None or end is None:
                continue
            for number, slot in enumerate(chain[1:-1], 1):
                self.slots[slot] = begin + round((end - begin) * number / (len(chain) - 1))

    def when(self, name: str) -> tuple[int, int] | None:
        """When an annotation is, or that which it refers to; None where nothing says so."""
        seen = set[str]()
        while name not in self.times and name in self.refers and name not in seen:
            seen.add(name)
            name = self.refers[name]
        return self.times.get(name)

    def tier(self, tier: Element, parents: Mapping[str, str], speakers: Mapping[str, str]) -> Tier:
        """Read a tier, once all are aligned."""
        name = tier.get("TIER_ID", "")
        texts: dict[tuple[int, int], list[str]] = {}
        for annotation in _annotations(tier):
            label = annotation.get("ANNOTATION_ID", "")
            times = self.when(label)
            if times is None or times[0] >= times[1]:
                what = "none" if times is None else f"{times[0]} to {times[1]} ms"
                self.faults.append(
                    f"tier {name}, annotation {label}: expected a begin and a later end, "
                    f"found {what}"
                )
                continue
            value = " ".join((annotation.findtext("ANNOTATION_VALUE") or "").split())
            if label in self.times and texts.get(times):
                self.faults.append(
                    f"tier {name}, annotation {label}: expected one annotation at "
                    f"{times[0] / 1000:g} s, found another before it"
                )
                continue
            texts.setdefault(times, []).append(value)
        annotations = [
            Annotation(begin / 1000, end / 1000, " ".join(filter(None, values)))
            for (begin, end), values in sorted(texts.items())
        ]
        kind = tier.get("LINGUISTIC_TYPE_REF", "")
        return Tier(name, annotations, speakers.get(name), kind, parents.get(name))


def _annotations(tier: Element) -> Iterator[Element]:
    """The annotations of a tier; of those that refer to one, each after its predecessor."""
    yield from tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION")
    waiting = list(tier.iterfind("ANNOTATION/REF_ANNOTATION"))
    done: set[str | None] = {None}
    while waiting:
        ready = [one for one in waiting if one.get("PREVIOUS_ANNOTATION") in done]
        # One whose predecessor is nowhere is read as it stands.
        for annotation in ready or waiting:
            yield annotation
            done.add(annotation.get("ANNOTATION_ID"))
        waiting = [one for one in waiting if one not in ready] if ready else []


def write_eaf(
    tiers: Sequence[Tier], recording: Path, kind: str, when: datetime | None = None
) -> str:
    """Return a file of ELAN's: the first tier, and its parts, whose parent it is.

    Args:
        tiers: those that have a `parent` lie within the annotations of that one.
        recording: what was heard. ELAN finds it by its whole path, or beside the file.
        kind: its media type, such as audio/x-wav.
        when: the date that the file has; None is now.
    """
    when = datetime.now(UTC) if when is None else when
    root = Element(
        ROOT,
        {
            "AUTHOR": "parp-espnet",
            "DATE": when.isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": XSI,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    header = _add(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    _add(
        header,
        "MEDIA_DESCRIPTOR",
        MEDIA_URL=recording.resolve().as_uri(),
        MIME_TYPE=kind,
        RELATIVE_MEDIA_URL=f"./{recording.name}",
    )
    count = sum(len(tier.annotations) for tier in tiers)
    _add(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(count)
    slots = _write_slots(root, tiers)
    number = 0
    for tier in tiers:
        attributes = {"LINGUISTIC_TYPE_REF": _type_of(tier), "TIER_ID": tier.name}
        if tier.parent:
            attributes["PARENT_REF"] = tier.parent
        if tier.speaker:
            attributes["PARTICIPANT"] = tier.speaker
        element = _add(root, "TIER", **attributes)
        for place, annotation in enumerate(tier.annotations):
            number += 1
            begin, end = slots[tier.name, place]
            aligned = _add(
                _add(element, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=begin,
                TIME_SLOT_REF2=end,
            )
            _add(aligned, "ANNOTATION_VALUE").text = annotation.text
    for kind_of_tier, is_part in {_type_of(tier): bool(tier.parent) for tier in tiers}.items():
        within = {"CONSTRAINTS": "Included_In"} if is_part else {}
        _add(
            root,
            "LINGUISTIC_TYPE",
            **within,
            GRAPHIC_REFERENCES="false",
            LINGUISTIC_TYPE_ID=kind_of_tier,
            TIME_ALIGNABLE="true",
        )
    for stereotype, description in CONSTRAINTS.items():
        _add(root, "CONSTRAINT", DESCRIPTION=description, STEREOTYPE=stereotype)
    ElementTree.indent(root, "    ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _type_of(tier: Tier) -> str:
    if tier.kind:
        return tier.kind
    return INCLUDED if tier.parent else FREE


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _write_slots(root: Element, tiers: Sequence[Tier]) -> dict[tuple[str, int], tuple[str, str]]:
    """Write the times of all annotations, in order, and return the two of each (tier, number)."""
    times: list[tuple[int, str, int, str]] = []
    for tier in tiers:
        for place, annotation in enumerate(tier.annotations):
            begin = round(annotation.begin * 1000)
            # ELAN takes no annotation of no length.
            end = max(begin + 1, round(annotation.end * 1000))
            times += [(begin, tier.name, place, "begin"), (end, tier.name, place, "end")]
    order = _add(root, "TIME_ORDER")
    names: dict[tuple[str, int, str], str] = {}
    for number, (value, tier_name, place, which) in enumerate(sorted(times), 1):
        slot = f"ts{number}"
        _add(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(value))
        names[tier_name, place, which] = slot
    return {
        (tier, place): (slot, names[tier, place, "end"])
        for (tier, place, which), slot in names.items()
        if which == "begin"
    }
