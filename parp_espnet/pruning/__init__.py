"""What is pruned, and how: tensors in, masks out. Imports nothing of ESPnet."""
