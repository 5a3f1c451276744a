"""`models/`: each with its image, search and steps, and how the steps hang together."""
