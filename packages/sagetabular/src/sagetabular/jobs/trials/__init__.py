"""Parts of a trial: folds, hosts, scores, checkpoints."""
