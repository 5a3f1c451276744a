"""From a file to a configured project: what a table says about itself, and `conf/` made of it."""
