"""What is predicted: k-means clusters of a reference voice's MFCCs, or of the model's own layers.

Clusters of MFCCs are as much about the voice as about the phone, so they are taken from another
rendition of the same phrase, by one voice that is the same for all, and brought to the time of what
is heard by dynamic time warping. This is ContentVec's idea (Qian et al. 2022, arXiv 2204.09224),
with a second synthesis in place of its voice conversion. No phone labels and no phone times are
used.

Clusters are fitted in a process of their own (`python3 -m …targets features.npy centroids.npy
clusters seed`):
scikit-learn's and torch's thread pools slow each other down in one process.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.files import atomic_write
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE

Features = NDArray[np.float32]
FRAME_SHIFT = 320


def mfcc(samples: NDArray[np.int16]) -> Features:
    """39 MFCCs (13 with two orders of differences) every 20 ms, zero mean and unit variance over
    the utterance.

    The normalisation takes much of the voice and the channel out, so that the clusters are about
    sounds.

    Returns:
        (frames, 39); frame i is centred on sample 320 i + 200.
    """
    # Imported here: the k-means process needs no torch.
    import torch  # noqa: PLC0415
    from torchaudio.compliance import kaldi  # noqa: PLC0415
    from torchaudio.functional import compute_deltas  # noqa: PLC0415

    wave = torch.from_numpy(samples.astype(np.float32))[None]
    static = kaldi.mfcc(
        wave, frame_shift=FRAME_SHIFT * 1000 / SAMPLE_RATE, dither=0.0, low_freq=60.0
    ).T
    first = compute_deltas(static)
    features = torch.cat([static, first, compute_deltas(first)]).T
    normal = (features - features.mean(0)) / (features.std(0) + 1e-5)
    return np.asarray(normal.numpy(), np.float32)


def align(features: Features, reference: Features) -> NDArray[np.int64]:
    """The frame of `reference` that each of `features` corresponds to, by dynamic time warping.

    Args:
        features: (frames, dimensions) of an utterance.
        reference: (others, dimensions) of another rendition of the same phrase.

    Returns:
        (frames,) ascending numbers of frames of the reference, the first of each frame's matches.
    """
    # Imported here: it takes seconds.
    import librosa  # noqa: PLC0415

    _, path = librosa.sequence.dtw(features.T, reference.T)
    found = np.full(len(features), len(reference))
    np.minimum.at(found, path[:, 0], path[:, 1])
    return found


def fit(features: Features, clusters: int, seed: int, path: Path) -> Features:
    """Fit k-means to `features` (frames, dimensions) in a process of its own; keep the centroids in
    `path`.

    Returns:
        (clusters, dimensions) centroids.
    """
    with atomic_write(path.with_suffix(".frames.npy")) as temporary, temporary.open("wb") as file:
        np.save(file, features)
    command = [
        sys.executable,
        "-m",
        __name__,
        str(path.with_suffix(".frames.npy")),
        str(path),
        str(clusters),
        str(seed),
    ]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    path.with_suffix(".frames.npy").unlink()
    return load_centroids(path)


def load_centroids(path: Path) -> Features:
    """(clusters, dimensions) centroids that `fit` left."""
    centroids: Features = np.load(path)
    return centroids


def assign(features: Features, centroids: Features) -> NDArray[np.int16]:
    """The nearest centroid of each frame, (frames,)."""
    distance = (centroids**2).sum(1) - 2 * features @ centroids.T
    nearest: NDArray[np.int16] = distance.argmin(1).astype(np.int16)
    return nearest


def save_targets(targets: Iterable[NDArray[np.int16]], path: Path) -> None:
    """Keep the targets of all utterances, in order, as one array with the lengths before it."""
    kept = list(targets)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.array([len(target) for target in kept]))
        np.save(file, np.concatenate(kept))


def load_targets(path: Path) -> list[NDArray[np.int16]]:
    """The targets of each utterance, (frames,) each, as `save_targets` kept them."""
    with path.open("rb") as file:
        lengths, values = np.load(file), np.load(file)
    return np.split(values, np.cumsum(lengths)[:-1])


def _fit_here(source: Path, destination: Path, clusters: int, seed: int) -> None:
    from sklearn.cluster import MiniBatchKMeans  # noqa: PLC0415

    model = MiniBatchKMeans(
        clusters, random_state=seed, batch_size=8192, n_init=3, max_iter=40, reassignment_ratio=0.0
    )
    model.fit(np.load(source))
    with atomic_write(destination) as temporary, temporary.open("wb") as file:
        np.save(file, model.cluster_centers_.astype(np.float32))


if __name__ == "__main__":
    _fit_here(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
