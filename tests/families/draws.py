"""
Chance, repeatable to the byte on any machine.

Only the raw 64-bit output of PCG64 is used: numpy promises that stream for ever, but not what its
distributions make of it. Weights are whole numbers, since a sum of floats depends on the processor.
Each use has a stream of its own by name, so that a new draw in one place moves nothing elsewhere.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Draws:
    """One named stream of chance of one seed."""

    def __init__(self, seed: int, name: str) -> None:
        self._seed = seed
        self._name = name
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))

    def of(self, name: str) -> "Draws":
        """Another stream of the same seed."""
        return Draws(self._seed, f"{self._name}/{name}")

    def uniform(self, count: int) -> Floats:
        """In [0, 1), by the upper 53 bits."""
        raw = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, bound: int, count: int) -> Ints:
        """Whole numbers in [0, bound)."""
        return (self.uniform(count) * bound).astype(np.int64)

    def each_below(self, bounds: Ints) -> Ints:
        """One whole number in [0, bound) for each bound."""
        return (self.uniform(len(bounds)) * bounds).astype(np.int64)

    def happens(self, share: float, count: int) -> Flags:
        return np.asarray(self.uniform(count) < share)

    def order(self, count: int) -> Ints:
        """A permutation of range(count)."""
        raw = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return np.argsort(raw, kind="stable").astype(np.int64)

    def weighted(self, weights: Ints, count: int) -> Ints:
        """Positions in `weights`, each as often as its weight says."""
        edges = np.cumsum(weights)
        return np.searchsorted(edges, self.below(int(edges[-1]), count), side="right").astype(
            np.int64
        )
