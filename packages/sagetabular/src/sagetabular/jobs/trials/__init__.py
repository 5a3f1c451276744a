"""What a trial consists of: folds, hosts, scores, checkpoints."""
