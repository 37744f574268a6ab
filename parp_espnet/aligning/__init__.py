"""Texts that are known, and when each phone or letter of them is said; knows nothing of ESPnet."""
