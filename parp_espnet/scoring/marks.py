"""PER without tone and length: phones that differ in nothing else are the same.

Which marks are left out is in `MARKS`. Digits are none of them but where they are raised: in
X-SAMPA, 2 and 9 are vowels. A phone of nothing but marks (a tone that is a token of its own) is
left out. Nasality, voice, aspiration and syllables are no length, and count.
"""

from collections.abc import Mapping
from itertools import chain

from parp_espnet.scoring.alignment import Phones, align_all, canonical
from parp_espnet.scoring.per import count, total

MARKS: Mapping[str, str] = {
    "\u02d0": "length: long",
    "\u02d1": "length: half-long",
    "\ua789": "length: colon as a letter",
    ":": "length: ASCII for long",
    "\u0306": "length: extra-short",
    "\u030b": "tone: extra-high",
    "\u0301": "tone: high",
    "\u0304": "tone: mid",
    "\u0300": "tone: low",
    "\u030f": "tone: extra-low",
    "\u030c": "tone: rising",
    "\u0302": "tone: falling",
    "\u1dc4": "tone: mid to high",
    "\u1dc5": "tone: low to mid",
    "\u1dc6": "tone: mid to low",
    "\u1dc7": "tone: high to mid",
    "\u1dc8": "tone: rising and falling",
    "\u1dc9": "tone: falling and rising",
    "\u02e5": "tone letter: extra-high",
    "\u02e6": "tone letter: high",
    "\u02e7": "tone letter: mid",
    "\u02e8": "tone letter: low",
    "\u02e9": "tone letter: extra-low",
    "\ua71b": "tone: upstep",
    "\ua71c": "tone: downstep",
    "\u2197": "tone: global rise",
    "\u2198": "tone: global fall",
    "\u2070": "tone: number 0",
    "\u00b9": "tone: number 1",
    "\u00b2": "tone: number 2",
    "\u00b3": "tone: number 3",
    "\u2074": "tone: number 4",
    "\u2075": "tone: number 5",
    "\u2076": "tone: number 6",
    "\u2077": "tone: number 7",
    "\u2078": "tone: number 8",
    "\u2079": "tone: number 9",
}
"""What is left out, in canonical decomposition, and what it says."""
_NONE = str.maketrans(dict.fromkeys(MARKS, ""))


def without_marks(phones: Phones) -> Phones:
    """Return phones without tone and length."""
    bare = (phone.translate(_NONE) for phone in canonical(phones))
    return tuple(phone for phone in bare if phone)


def per_without_marks(
    references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> float | None:
    """Return the phone error rate without tone and length; None where no phone has such marks, or
    nothing is left.
    """
    if not _have_marks(references) and not _have_marks(hypotheses):
        return None
    said: dict[str, Phones] = {}
    heard: dict[str, Phones] = {}
    for utterance, reference in references.items():
        bare = without_marks(reference)
        if bare:
            said[utterance] = bare
            heard[utterance] = without_marks(hypotheses[utterance])
    if not said:
        return None
    aligned = align_all(said, heard)
    return total([count(utterance, pairs) for utterance, pairs in aligned.items()]).error_rate


def _have_marks(side: Mapping[str, Phones]) -> bool:
    used = canonical(set(chain.from_iterable(side.values())))
    return not MARKS.keys().isdisjoint("".join(used))
