"""A sample in the lake, so that the first execution has something to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .buckets import has_objects, put_new

if TYPE_CHECKING:
    from pathlib import Path

    from .answers import Answers

TRAINING = "input/data/training/"


def give_sample(answers: Answers, folder: Path) -> str:
    """Put the sample where training data belongs if nothing is there, and return what was done.

    Args:
        answers: Where things are.
        folder: With the files of the sample.

    Raises:
        SeedError: AWS refuses it.
    """
    bucket = answers.data_bucket
    if has_objects(bucket, TRAINING):
        return "The lake has data."
    for file in sorted(folder.iterdir()):
        put_new(bucket, f"{TRAINING}{file.name}", file, answers.key_arn)
    return f"The sample is in s3://{bucket}/{TRAINING}."
