"""Borders between phones: where spectra change, and where the model takes one for another."""

from itertools import pairwise

import numpy as np
import pytest

from parp_espnet.recognition.boundaries import PLACES, Frames, Part, Weights, find_borders
from parp_espnet.recognition.spectra import STEP, Spectra

FRAMES = Frames(200.0, 320)
PITCHES = (300.0, 900.0, 1800.0, 900.0)
LENGTH = 2400


def spoken() -> tuple[np.ndarray, list[int]]:
    """Tones after silence, and where each begins, in spectra."""
    times = np.arange(LENGTH) / 16000
    tones = [0.3 * np.sin(2 * np.pi * pitch * times) for pitch in PITCHES]
    samples = np.concatenate([np.zeros(LENGTH), *tones, np.zeros(LENGTH)])
    samples += 0.001 * np.random.default_rng(0).standard_normal(len(samples))
    spectra = Spectra()
    spectra.add(samples.astype(np.float32))
    return spectra.rows(), [LENGTH * place // STEP for place in range(1, 6)]


def quiet(spectra: np.ndarray) -> np.ndarray:
    """Before and after the tones."""
    flags = np.zeros(len(spectra), bool)
    flags[: LENGTH // STEP] = flags[-LENGTH // STEP :] = True
    return flags


def parts_of(begins: list[int], count: int) -> list[Part]:
    middles = [begin + LENGTH // 3 // STEP for begin in begins[:-1]]
    parts = [Part(number, middle, middle) for number, middle in enumerate(middles, 1)]
    return [Part(None, -1, -1), *parts, Part(None, count, count)]


def test_by_spectra_alone():
    spectra, begins = spoken()
    knows_nothing = np.full((len(spectra) // 4, 5), np.log(0.25))
    borders = find_borders(
        parts_of(begins, len(spectra)),
        0,
        len(spectra),
        knows_nothing,
        spectra,
        quiet(spectra),
        FRAMES,
    )
    assert borders[0] == 0
    assert borders[-1] == len(spectra)
    assert borders[1:-1] == pytest.approx(begins, abs=2)


def test_by_the_model_alone():
    spectra, begins = spoken()
    phones = np.full((len(spectra) // 4, 5), -9.0)
    for number, (begin, end) in enumerate(pairwise(begins), 1):
        middles = (np.arange(len(phones)) * 320 + 200) / STEP
        phones[(middles >= begin) & (middles < end), number] = -0.1
    weights = Weights(spectra=0.0)
    flat = np.zeros_like(spectra)
    borders = find_borders(
        parts_of(begins, len(spectra)),
        0,
        len(spectra),
        phones,
        flat,
        quiet(spectra),
        FRAMES,
        weights,
    )
    assert borders[2:-2] == pytest.approx(begins[1:-1], abs=4)


def test_far_apart_there_are_fewer_places():
    spectra = np.zeros((3000, 2), np.float32)
    spectra[1500:] = 1.0
    parts = [Part(1, 10, 10), Part(2, 2900, 2900)]
    phones = np.full((750, 3), np.log(0.5))
    begin, border, end = find_borders(
        parts, 0, 3000, phones, spectra, np.zeros(len(spectra), bool), FRAMES
    )
    assert (begin, end) == (0, 3000)
    assert abs(border - 1500) <= 2890 / PLACES + 1


def test_no_phone_is_empty_and_a_pause_may_be():
    spectra = np.zeros((30, 2), np.float32)
    parts = [Part(None, -1, -1), *(Part(1, place, place) for place in (3, 4, 5)), Part(None, 6, 6)]
    phones = np.zeros((8, 2))
    borders = find_borders(parts, 0, 6, phones, spectra, np.zeros(len(spectra), bool), FRAMES)
    assert all(before < after for before, after in pairwise(borders[1:-1]))
