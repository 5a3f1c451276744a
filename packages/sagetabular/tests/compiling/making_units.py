"""A model with steps of its own in the small project, and reading what became of them."""

from __future__ import annotations

import json

from definitions import steps_of

PIPELINE, RIDGE, BOOST = "conf/pipeline.yaml", "models/ridge/model.yaml", "models/boost/model.yaml"
PROGRAM = "print('hello')\n"


def with_unit(example, steps, **more):
    """Make `ridge` an unranked unit of these steps beside `boost`; compile."""
    example.write("models/ridge/process.py", PROGRAM)
    example.write("models/ridge/parts/clean.py", PROGRAM)
    example.change(RIDGE, "steps", steps)
    for field, value in more.items():
        example.change(RIDGE, field, value)
    compiled = example.compile()
    return steps_of(json.loads(compiled.definition)), compiled.assets


def channels_of(step):
    return {channel["ChannelName"]: channel for channel in step["Arguments"]["InputDataConfig"]}


def inputs_of(step):
    return {entry["InputName"]: entry["S3Input"] for entry in step["Arguments"]["ProcessingInputs"]}


def get(reference):
    return {"Get": f"Steps.{reference}"}
