"""A model in a job: its code, its hyperparameters, and its saved files."""
