"""Cepstra of a recording are the same however it comes."""

import numpy as np

from parp_espnet.recognition.spectra import COUNT, STEP, Spectra


def test_blocks_make_no_difference():
    samples = np.random.default_rng(0).standard_normal(50000).astype(np.float32)
    whole, parted = Spectra(), Spectra()
    whole.add(samples)
    blocks = np.array_split(samples, [1, 7, 400, 401, 30000])
    assert [len(block) for block in parted.through(blocks)] == [len(block) for block in blocks]
    assert np.array_equal(whole.rows(), parted.rows())
    assert whole.rows().shape[1] == COUNT
    assert abs(len(whole.rows()) - 50000 / STEP) < 4


def test_a_change_is_where_it_is():
    times = np.arange(8000) / 16000
    tones = [np.sin(2 * np.pi * pitch * times) for pitch in (300.0, 2000.0)]
    spectra = Spectra()
    spectra.add(np.concatenate(tones).astype(np.float32))
    rows = spectra.rows()
    apart = np.linalg.norm(rows[1:] - rows[:-1], axis=1)[10:-10]
    assert abs(10 + apart.argmax() - 8000 / STEP) <= 2


def test_of_nothing_there_is_nothing():
    assert Spectra().rows().shape == (0, COUNT)
    spectra = Spectra()
    spectra.add(np.zeros(16000, np.float32))
    assert np.isfinite(spectra.rows()).all()
