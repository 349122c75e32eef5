"""Learning a model: a run, from data that was opened to networks that make records."""
