"""The training pipeline: its settings, its steps and the jobs the steps run."""
