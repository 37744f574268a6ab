"""Rooms, channels and noise, all synthesised: what clean synthetic speech lacks to resemble a field
recording.

As in WavLM (Chen et al. 2022, arXiv 2110.13900) the model hears the disturbed speech and predicts
the clean speech's targets.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
Samples = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Disturbances:
    """The ranges from which a disturbance is drawn, uniformly."""

    room_share: float = 0.5
    """Share of disturbed utterances that are in a room."""
    reverberation: tuple[float, float] = (0.1, 0.7)
    """Seconds until the room's echo has decayed by 60 dB."""
    direct_to_echo: tuple[float, float] = (-2.0, 12.0)
    """dB between the direct sound and the echo."""
    channel: float = 6.0
    """Standard deviation, in dB, of the channel's response at eight points between 60 Hz and 8 kHz.
    """
    noise_share: float = 0.8
    """Share of disturbed utterances with noise."""
    noise: tuple[float, float] = (3.0, 30.0)
    """dB between speech and noise."""
    colour: tuple[float, float] = (0.0, 2.0)
    """Exponent a of the noise's power spectrum 1/f^a: 0 is white, 1 pink, 2 brown."""
    babble_share: float = 0.25
    """Share of the noises that are another utterance of the batch."""


def disturb(
    speech: Samples, other: Samples, ranges: Disturbances, rng: np.random.Generator
) -> Samples:
    """Put `speech` into a room, through a channel, and add noise.

    `speech` and the result have shape (samples,); `other` is speech of any length to take as
    babble.
    """
    size = _fast_length(len(speech) + SAMPLE_RATE // 2)
    spectrum = np.fft.rfft(speech, size) * _channel(size, ranges, rng)
    if rng.random() < ranges.room_share:
        spectrum *= np.fft.rfft(_room(ranges, rng), size)
    result = np.fft.irfft(spectrum, size)[: len(speech)].astype(np.float32)
    if rng.random() < ranges.noise_share:
        result += _noise(result, other, ranges, rng)
    return result


def _channel(size: int, ranges: Disturbances, rng: np.random.Generator) -> NDArray[np.float64]:
    points = np.linspace(np.log(60.0), np.log(SAMPLE_RATE / 2), 8)
    gains = rng.normal(0.0, ranges.channel, len(points))
    frequencies = np.log(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 20.0))
    channel: NDArray[np.float64] = 10.0 ** (np.interp(frequencies, points, gains) / 20)
    return channel


def _room(ranges: Disturbances, rng: np.random.Generator) -> NDArray[np.float64]:
    """A direct sound followed by exponentially decaying noise (Polack's model of late
    reverberation).
    """
    seconds = rng.uniform(*ranges.reverberation)
    time = np.arange(int(min(seconds, 0.5) * SAMPLE_RATE)) / SAMPLE_RATE
    echo = rng.standard_normal(len(time)) * 10.0 ** (-3.0 * time / seconds)
    echo[0] = 0.0
    echo *= 10.0 ** (-rng.uniform(*ranges.direct_to_echo) / 20) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    return echo


def _noise(
    speech: Samples, other: Samples, ranges: Disturbances, rng: np.random.Generator
) -> Samples:
    if rng.random() < ranges.babble_share:
        noise: NDArray[np.floating] = np.resize(
            np.roll(other, int(rng.integers(len(other)))), len(speech)
        )
    else:
        size = _fast_length(len(speech))
        spectrum = np.fft.rfft(rng.standard_normal(size))
        frequencies = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 50.0)
        noise = np.fft.irfft(spectrum * frequencies ** (-rng.uniform(*ranges.colour) / 2), size)[
            : len(speech)
        ]
    ratio = 10.0 ** (-rng.uniform(*ranges.noise) / 20)
    scale = ratio * np.sqrt(np.mean(speech**2) / (np.mean(noise**2) + 1e-12))
    return np.asarray(scale * noise, np.float32)


def _fast_length(length: int) -> int:
    """A length of at least `length` that the FFT is quick at: a multiple of 4096."""
    return -(-length // 4096) * 4096
