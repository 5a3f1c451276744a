"""What Preprocess does to rows: clean, encode, split, describe."""
