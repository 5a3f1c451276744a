"""Searches, which propose hyperparameters: Optuna by strategy, a grid, Hyperband."""
