"""Kaldi data directories: read, checked, mended; and what their texts hold besides speech."""
