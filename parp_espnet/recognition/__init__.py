"""Recordings of any kind in, phones with times out; knows nothing of ESPnet."""
