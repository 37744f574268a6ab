import hashlib
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice

import pytest

from parp_espnet.corpora.cldr import generate
from parp_espnet.corpora.phrases import SPLITS
from parp_espnet.corpora.speech import Spoken
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES


def _digests(spoken: Iterable[Spoken]) -> list[str]:
    return [
        hashlib.sha256(
            repr((one.id, one.text, one.phones)).encode() + one.samples.tobytes()
        ).hexdigest()
        for one in spoken
    ]


def test_number_of_processes_changes_no_byte_and_less_is_a_beginning_of_more() -> None:
    short = list(generate("fr", "train", minutes=0.5, seed=5, jobs=1))
    long = list(generate("fr", "train", minutes=1.5, seed=5, jobs=2))
    assert _digests(long)[: len(short)] == _digests(short)
    assert len({one.speaker for one in long}) > 1


def test_amount() -> None:
    durations = [one.duration for one in generate("ky", "dev", minutes=0.5, seed=0)]
    assert sum(durations) >= 30 > sum(durations[:-1])


def test_seeds_differ() -> None:
    one, other = (next(generate("tr", "test", minutes=1, seed=seed, jobs=1)) for seed in (0, 1))
    assert one.text != other.text


def test_sets_share_no_text_and_no_text_is_said_twice() -> None:
    texts = [one.text for split in SPLITS for one in generate("tt", split, minutes=1, seed=0)]
    assert len(set(texts)) == len(texts)


def test_leaving_early_ends_the_processes() -> None:
    script = (
        "from itertools import islice\n"
        "from parp_espnet.corpora.cldr import generate\n"
        "spoken = generate('es', 'dev', 60, 0, jobs=2)\n"
        "print(len(list(islice(spoken, 3))), flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=1200, check=True
    )
    assert done.stdout == "3\n"
    assert done.stderr == ""


def test_no_torch_in_a_worker() -> None:
    script = "import sys, parp_espnet.corpora.speech; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=1200, check=True
    )
    assert done.stdout == "False\n"


def test_order_is_that_of_the_speakers() -> None:
    ids = [one.id for one in islice(generate("es", "train", minutes=5, seed=0), 35)]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"language": "xx"}, rf"--lang xx: no voice .* for {' '.join(sorted(VOICES))}"),
        ({"split": "valid"}, r"--set valid: expected one of train dev test"),
        ({"minutes": 0}, r"--minutes 0: expected more than 0"),
        ({"minutes": float("nan")}, r"--minutes nan: expected more than 0"),
        ({"jobs": 0}, r"--jobs 0: expected at least 1"),
    ],
)
def test_wrong_options(changed: dict[str, object], message: str) -> None:
    options = {"language": "es", "split": "dev", "minutes": 1.0, "seed": 0} | changed
    with pytest.raises(UserError, match=message):
        generate(**options)  # type: ignore[arg-type]
