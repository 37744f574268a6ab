"""Language models, and a CTC search that uses them. Knows nothing of ESPnet."""
