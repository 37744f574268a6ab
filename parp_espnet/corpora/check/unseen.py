"""Phones of the other sets that the training set has not: a model cannot say them, and many are slips of a keyboard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from unicodedata import category, normalize

from parp_espnet.corpora.check.faults import Fault
from parp_espnet.corpora.check.folder import Folder
from parp_espnet.corpora.check.text import SYMBOLS, counted, normal, spelled

LOOKALIKES = (
    # Letters of IPA, and those of Latin, Greek and Cyrillic that are typed for them.
    "aаɑα", "bЬ", "cсϲ", "dԁ", "eе", "gɡɢց", "hһ", "iіɩι", "ıɪІ", "jјϳ", "kкκ", "mм", "nո", "oоοօ", "pрρ", "qԛ",
    "sѕ", "tт", "uυʋս", "vνѵ", "wѡωɯ", "xхχ×", "yуүʏ", "zᴢ", "æӕ", "øө⌀∅", "œɶ", "əәǝ", "ɛεєԑ", "ɜзӡ", "ʒӠʓ", "ɔϲͻ",
    "ʃ∫ſ", "βßϐв", "θϴѳɵө", "ɸφϕфΦ", "ɣγɤ", "ðδ∂", "ŋη", "λʎ", "ʌ^Λ∧", "ʊυΩ℧", "ɬł", "ɫł", "ɾг", "ʁв", "çҫ", "ɲņ",
    # Glottal stops and clicks.
    "ʔ?ˀɂʡ", "ʕˤ", "!ǃⵑ", "|ǀlI∣Ӏ", "ǁ‖∥", "ǂ≠",
    # Length, apostrophes, hyphens, stress and tone.
    ":ː꞉∶ˑ·", "'ʼ’‘ʹʻˈ`´ꞌ′ʾ", ",ˌ‚", "-‐‑–−", "~˜∼", "hʰ", "jʲ", "wʷ", "nⁿ", "0⁰₀", "1¹₁", "2²₂", "3³₃", "4⁴₄", "5⁵₅",
    # Marks.
    "\u0331\u0320\u0332", "\u0303\u0334\u0342", "\u0308\u030b", "\u0306\u030c", "\u0301\u030d\u0341", "\u032a\u0346",
    "\u0325\u030a", "\u0327\u0328", "\u0329\u0348",
)  # fmt: skip
"""Characters that are taken for one another."""

_LIGATURES = str.maketrans({
    "ʤ": "dʒ", "ʧ": "tʃ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ɚ": "ə˞", "ɝ": "ɜ˞",
    "ĳ": "ij", "ﬁ": "fi", "ﬂ": "fl",
    # Ties.
    "\u0361": "", "\u035c": "",
})  # fmt: skip
_GROUPS: Mapping[str, frozenset[str]] = {
    mark: frozenset("".join(group for group in LOOKALIKES if mark in group)) for mark in "".join(LOOKALIKES)
}


def judge_unseen(folders: Sequence[Folder]) -> Iterator[Fault]:
    """Yield, for each phone of a set that the first set has not, one fault, with how often the phone is there."""
    if len(folders) < 2:
        return
    train, *others = folders
    known = _phones(train).keys()
    for folder in others:
        utterances = Counter(phone for text in folder.rows("text").values() for phone in set(map(normal, text.split())))
        for phone, times in sorted(_phones(folder).items()):
            if phone in known or phone in SYMBOLS:
                continue
            found = f"{spelled(phone)}, {counted(times, 'time')} in {counted(utterances[phone], 'utterance')}"
            if alike := lookalikes(phone, known):
                found += f"; it looks like {' and '.join(map(spelled, alike))}"
            where = str(folder.tables["text"].path)
            yield Fault("unseen", folder.name, phone, where, f"a phone of {train.name}", found)


def lookalikes(phone: str, others: Iterable[str]) -> list[str]:
    """Return those of `others` that look like a phone, sorted."""
    bare = _bare(phone)
    return sorted(other for other in others if other != phone and _alike(bare, _bare(other)))


def _alike(first: str, second: str) -> bool:
    if len(first) != len(second):
        return False
    return all(a == b or b in _GROUPS.get(a, ()) for a, b in zip(first, second, strict=True))


def _bare(phone: str) -> str:
    """A phone without what cannot be seen, ligatures and ties taken apart."""
    apart = normalize("NFD", phone).translate(_LIGATURES)
    return "".join(mark for mark in apart if not category(mark).startswith("C"))


def _phones(folder: Folder) -> Counter[str]:
    return Counter(normal(phone) for text in folder.rows("text").values() for phone in text.split())
