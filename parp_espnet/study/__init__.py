"""A study: a grid of experiments planned, and their results collected, tabled and drawn."""
