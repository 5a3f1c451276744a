"""Tasks, metrics and scores: what a model is asked for, and how well it answers."""
