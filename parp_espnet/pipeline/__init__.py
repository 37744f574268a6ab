"""One experiment: its settings, its steps, and the jobs they run."""
