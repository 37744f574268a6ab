"""Tiers of annotations with times, as ELAN and Praat keep them."""
