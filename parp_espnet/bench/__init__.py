"""Speed and memory, as ratios against alternatives in the same run; `make bench`."""
