"""From references and hypotheses to an error rate with its interval."""
