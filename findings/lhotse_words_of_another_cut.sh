#!/usr/bin/env bash
# lhotse 1.33.0: word times of a cut that begins within its recording, or is padded in front, are used as if it began with the recording.
#
# An AlignmentItem (a word, a phone) says when it is from the beginning of the recording on, whatever cut its supervision is in; the
# documentation says so, and `trim_to_alignments` cuts out the right sound. But masks that are asked for an alignment (`use_alignment_if_exists`
# of `supervisions_audio_mask` and its like) and the frames `word_start` and `word_end` in batches of K2SpeechRecognitionDataset count
# the same times from the beginning of the cut. In a cut of the whole recording that is one thing. After `trim_to_supervisions`, as before most
# trainings, the mask is of another place or of none, and words lie behind the end of their utterance; nothing is said.
#
# Seen, for a tone of 1 s, two words, in a recording of 5 s: "the whole: words' mask 1.00 of the sound, words begin at frames 200 250 of 500",
# "1 to 4 s: words' mask 0.00 of the sound, words begin at frames 200 250 of 300" (they do at 100 and 150),
# "trim_to_supervisions: words' mask 0.00 of the sound, words begin at frames 200 250 of 100" (at 0 and 50).
# Exit code 1 says that this has changed.
#
#     findings/lhotse_words_of_another_cut.sh        needs Python 3.12 or 3.13, PyPI, and 7 GB in TMPDIR; some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet lhotse==1.33.0 urllib3==2.8.0 torch==2.14.1 soundfile==0.14.0 numpy==2.3.5
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import soundfile
from lhotse import CutSet, Fbank, MonoCut, Recording, SupervisionSegment
from lhotse.dataset import K2SpeechRecognitionDataset
from lhotse.dataset.input_strategies import OnTheFlyFeatures
from lhotse.supervision import AlignmentItem

RATE = 16000
tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)
silence = np.zeros(2 * RATE)
soundfile.write("tone.wav", np.concatenate([silence, tone, silence]), RATE)
recording = Recording.from_file("tone.wav")
words = [AlignmentItem("one", 2.0, 0.5), AlignmentItem("two", 2.5, 0.5)]
said = SupervisionSegment("said", recording.id, 2.0, 1.0, text="one two", alignment={"word": words})
whole = MonoCut("whole", 0, 5.0, 0, [said], recording=recording)
batches = K2SpeechRecognitionDataset(input_strategy=OnTheFlyFeatures(Fbank()))
found = []
for name, cut in (
    ("the whole", whole),
    ("1 to 4 s", whole.truncate(offset=1, duration=3)),
    ("trim_to_supervisions", whole.trim_to_supervisions()[0]),
):
    power = cut.load_audio()[0] ** 2
    assert all(np.abs(word.load_audio()).max() > 0.4 for word in cut.trim_to_alignments("word"))  # the words are where they are said to be
    assert (power * cut.supervisions_audio_mask()).sum() > 0.99 * power.sum()  # and so is the utterance
    mask = (power * cut.supervisions_audio_mask(use_alignment_if_exists="word")).sum() / power.sum()
    batch = batches[CutSet.from_cuts([cut])]
    begins, frames = batch["supervisions"]["word_start"][0], batch["inputs"].shape[1]
    found.append((f"{mask:.2f}", *begins, frames))
    print(f"{name}: words' mask {mask:.2f} of the sound, words begin at frames {begins[0]} {begins[1]} of {frames}")
sys.exit(found != [("1.00", 200, 250, 500), ("0.00", 200, 250, 300), ("0.00", 200, 250, 100)])
PYTHON
