"""Work of Preprocess on rows: clean, encode, split, describe."""
