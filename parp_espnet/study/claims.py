"""The paper's claims C1 to C9 (Lai et al. 2021), and N1 to N3, which it does not make: each with a
verdict and the numbers that it rests on.

C9 is of text tasks, with BERT and XLNet, and the others are of speech. How each is judged is in
`parp_espnet.study.judges`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.foreign import (
    adjusting_repairs,
    foreign_masks_adjust,
    joint_run_serves_all,
)
from parp_espnet.study.judges.masks import languages_overlap, mask_stays
from parp_espnet.study.judges.methods import at_or_below, beats_dense_at, costs_one_finetuning
from parp_espnet.study.judges.moving import (
    best_at_ninety,
    language_is_a_mask,
    mask_tells_source,
)
from parp_espnet.study.judges.starts import random_start_and_sparsest
from parp_espnet.study.judges.verdict import Verdict
from parp_espnet.study.names import is_text

ELSEWHERE = "of text tasks, and these are of speech, or the other way round"


@dataclass(frozen=True)
class Claim:
    """A claim, the verdict, and why."""

    name: str
    says: str
    verdict: Verdict
    because: str

    @property
    def is_own(self) -> bool:
        """Whether it is none of the paper's."""
        return self.name.startswith("N")


def claims(results: Sequence[Result], evidence: Evidence) -> list[Claim]:
    """Judge every claim by what there is, C1 at each amount of speech that there is."""
    texts: dict[str, tuple[str, Callable[[Sequence[Result], Evidence], tuple[Verdict, str]]]] = {
        "C2": (
            "PARP has no more errors than OMP and IMP at every sparsity up to 80 %",
            at_or_below,
        ),
        "C3": ("PARP costs one finetuning; IMP's cost grows with sparsity", costs_one_finetuning),
        "C4": ("masks of different languages overlap by more than 90 % at 50 %", languages_overlap),
        "C5": ("PARP's final mask is almost its first: IOU above 99.99 % beyond 20 %", mask_stays),
        "C6": (
            "another language's mask has more errors where it is fixed, and none where it adjusts",
            foreign_masks_adjust,
        ),
        "C7": ("one joint run finds one subnetwork for all languages", joint_run_serves_all),
        "C8": (
            "from a random mask PARP is as bad as RP; at 90 % PARP-P is best",
            random_start_and_sparsest,
        ),
        "C9": (
            "BERT and XLNet: PARP repairs masks of other tasks on most pairs of tasks",
            adjusting_repairs,
        ),
        "N1": (
            "at 90 % a method with one finetuning has fewer errors than PARP-P",
            best_at_ninety,
        ),
        "N2": (
            "how much learned masks overlap tells which language to borrow one from",
            mask_tells_source,
        ),
        "N3": (
            "a language is a mask: an upstream that stays as it is has no more errors under a "
            "learned one than finetuned and dense",
            language_is_a_mask,
        ),
    }
    text = is_text(results)
    claimed = []
    for amount, (verdict, because) in beats_dense_at(Evidence() if text else evidence).items():
        says = f"PARP has fewer errors than the dense model, at {amount} without a language model"
        claimed.append(Claim("C1", says, verdict, ELSEWHERE if text else because))
    for name, (says, judge) in texts.items():
        if results and text != (name == "C9"):
            verdict, because = Verdict.UNTESTED, ELSEWHERE
        else:
            verdict, because = judge(results, evidence)
        claimed.append(Claim(name, says, verdict, because))
    return claimed
