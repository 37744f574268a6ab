"""Tiers of ELAN's that are parts of others."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element


def parents_of(tiers: Sequence[Element]) -> dict[str, str]:
    """Return the tier that each is a part of, of those that are."""
    return {
        tier.get("TIER_ID", ""): tier.get("PARENT_REF", "")
        for tier in tiers
        if tier.get("PARENT_REF")
    }


def tiers_above(tier: Element, parents: Mapping[str, str]) -> list[str]:
    """Return the tiers that a tier is a part of, the nearest first."""
    above: list[str] = []
    name = parents.get(tier.get("TIER_ID", ""))
    while name is not None and name not in above:
        above.append(name)
        name = parents.get(name)
    return above


def speakers_of(tiers: Sequence[Element], parents: Mapping[str, str]) -> dict[str, str]:
    """Return who is heard in each tier, where it says so, or one that it is a part of does."""
    told: dict[str, str] = {}
    for tier in tiers:
        name = tier.get("TIER_ID", "")
        speaker = tier.get("PARTICIPANT", "").strip() or name.partition("@")[2].strip()
        if speaker:
            told[name] = speaker
    speakers: dict[str, str] = {}
    for tier in tiers:
        for name in (tier.get("TIER_ID", ""), *tiers_above(tier, parents)):
            if name in told:
                speakers[tier.get("TIER_ID", "")] = told[name]
                break
    return speakers
