"""Read the files of the H2O model tuner: one tuning job, and how its model is hosted."""
