"""Who proposes hyperparameters: Optuna by strategy, a grid, Hyperband."""
