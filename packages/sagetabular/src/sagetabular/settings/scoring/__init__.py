"""Settings of what is scored: names of classes, the metric, the gate."""
