"""The figures of a study. Each function draws one from collected data; None is nothing to see."""
