"""The only place that knows ESPnet: the task, the trainer, finalisation and decoding."""
