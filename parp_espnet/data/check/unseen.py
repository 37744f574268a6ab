"""Phones of the other sets that the training set has not: a model cannot say them, and many are
slips of a keyboard.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from unicodedata import category

from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.folder import Folder
from parp_espnet.data.check.text import SYMBOLS, counted, spelled
from parp_espnet.phones.characters import decomposed

LOOKALIKES = (
    # Letters of IPA, and those of Latin, Greek and Cyrillic that are typed for them.
    "aаɑα", "bЬ", "cсϲ", "dԁ", "eе", "gɡɢց", "hһ", "iіɩι", "ıɪІɩ", "jјϳ", "kкκ", "mм", "nո", "oоοօ",
    "pрρ", "qԛ",
    "sѕ", "tт", "uυʋս", "vνѵ", "wѡωɯ", "xхχ×", "yуүʏ", "zᴢ", "æӕ", "øө⌀∅", "œɶ", "əәǝ", "ɛεєԑ",
    "ɜзӡ", "ʒӠʓ", "ɔϲͻ",
    "ʃ∫ſ", "βßϐв", "θϴѳɵө", "ɸφϕфΦ", "ɣγɤ", "ðδ∂", "ŋη", "λʎ", "ʌ^Λ∧", "ʊυΩ℧", "ɬł", "ɫł", "rɾɹг",
    "ʁв", "çҫ", "ɲņ",
    # Glottal stops and clicks.
    "ʔ?ˀɂʡ", "ʕˤ", "!ǃⵑ", "|ǀlI∣Ӏ", "ǁ‖∥", "ǂ≠",
    # Length, apostrophes, hyphens, stress and tone.
    ":ː꞉∶ˑ·", "'ʼ’‘ʹʻˈ`´ꞌ′ʾ", ",ˌ‚", "-‐‑–−", "~˜∼\u0303",
    "hʰ", "jʲ", "wʷ", "nⁿ", "0⁰₀", "1¹₁", "2²₂", "3³₃", "4⁴₄", "5⁵₅",
    # Marks.
    "\u0331\u0320\u0332", "\u0303\u0334\u0342", "\u0308\u030b", "\u0306\u030c",
    "\u0301\u030d\u0341", "\u032a\u0346",
    "\u0325\u030a", "\u0327\u0328", "\u0329\u0348",
)  # fmt: skip
"""Characters that are taken for one another."""

SAME = (
    "aа", "cс", "eе", "gɡ", "hһ", "iі", "jј", "kк", "mм", "oоο", "pр", "sѕ", "tт", "xх", "yу",
    "əәǝ", "ɛε", "ɣγ", "βꞵ",
    "ʃ∫", "æӕ", "ʒӡ", ":ː꞉", "'ʼ’ʹꞌ′´", "!ǃ", "|ǀ", "~˜\u0303", "-‐‑−",
)  # fmt: skip
"""Those that no language tells apart: in one text, both are there by mistake."""
_LIGATURES = str.maketrans({
    "ʤ": "dʒ", "ʧ": "tʃ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ɚ": "ə˞", "ɝ": "ɜ˞",
    "ĳ": "ij", "ﬁ": "fi", "ﬂ": "fl",
    # Ties, and the mark of what makes no syllable.
    "\u0361": "", "\u035c": "", "\u032f": "",
})  # fmt: skip
type _Groups = Mapping[str, frozenset[str]]


def _grouped(groups: Iterable[str]) -> _Groups:
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for mark in group:
            alike[mark].update(group)
    return {mark: frozenset(others) for mark, others in alike.items()}


_LOOKALIKES = _grouped(LOOKALIKES)
_SAME = _grouped(SAME)


def judge_unseen(folders: Sequence[Folder]) -> Iterator[Fault]:
    """Yield, for each phone of a set that the first set has not, one fault, with how often the
    phone is there.
    """
    if len(folders) < 2:
        return
    train, *others = folders
    known = _phones(train).keys()
    for folder in others:
        utterances: Counter[str] = Counter()
        for text in folder.rows("text").values():
            utterances.update(set(map(decomposed, text.split())))
        for phone, times in sorted(_phones(folder).items()):
            if phone in known or phone in SYMBOLS:
                continue
            found = (
                f"{spelled(phone)}, {counted(times, 'time')} in "
                f"{counted(utterances[phone], 'utterance')}"
            )
            alike = lookalikes(phone, known)
            if alike:
                found += f"; it looks like {' and '.join(map(spelled, alike))}"
            where = str(folder.tables["text"].path)
            yield Fault("unseen", folder.name, phone, where, f"a phone of {train.name}", found)


def judge_alike(folder: Folder) -> Iterator[Fault]:
    """Yield, for each phone of a set that is the same to the eye as a more frequent
    one, one fault.
    """
    times = _phones(folder)
    where = str(folder.tables["text"].path)
    for rare, others in sorted(_same(times).items()):
        told = [f"{spelled(other)}, {counted(times[other], 'time')}" for other in others]
        found = f"{spelled(rare)}, {counted(times[rare], 'time')}, and {' and '.join(told)}"
        yield Fault("alike", folder.name, rare, where, "one spelling of a phone", found)


def _same(times: Counter[str]) -> dict[str, list[str]]:
    """Each phone that is the same to the eye as more frequent ones, and these."""
    spellings: dict[str, list[str]] = {}
    phones = sorted(times, key=lambda phone: (-times[phone], phone))
    bare = {phone: _bare(phone) for phone in phones}
    for place, phone in enumerate(phones):
        others = [other for other in phones[:place] if _alike(bare[phone], bare[other], _SAME)]
        if others:
            spellings[phone] = others
    return spellings


def lookalikes(phone: str, others: Iterable[str]) -> list[str]:
    """Return those of `others` that look like a phone, sorted."""
    bare = _bare(phone)
    alike = []
    for other in sorted(others):
        if other != phone and _alike(bare, _bare(other), _LOOKALIKES):
            alike.append(other)
    return alike


def _alike(first: str, second: str, groups: _Groups) -> bool:
    if len(first) != len(second):
        return False
    named = len(first) > 1 and first.isascii() and second.isascii()
    if (
        named
        and first.rstrip("012").lower() == second.rstrip("012").lower()
        and groups is _LOOKALIKES
    ):
        # ARPAbet's phones, with another stress or in small letters.
        return True
    return all(a == b or b in groups.get(a, ()) for a, b in zip(first, second, strict=True))


def _bare(phone: str) -> str:
    """A phone without what cannot be seen, ligatures and ties taken apart."""
    apart = decomposed(phone).translate(_LIGATURES)
    return "".join(mark for mark in apart if not category(mark).startswith("C"))


def _phones(folder: Folder) -> Counter[str]:
    phones: Counter[str] = Counter()
    for text in folder.rows("text").values():
        phones.update(map(decomposed, text.split()))
    return phones
