"""Bodies: how rows are read and predictions are written."""
