"""A program `aws` that validates what it is asked by AWS's own models, notes it, and answers.

The models are those that botocore ships: https://github.com/boto/botocore, botocore/data. Commands
of the API (`aws codecommit create-pull-request …`) alone: `aws s3 cp` has no model.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ANSWERS, _CALLS = "answers.json", "calls.jsonl"
_GLOBAL = ("--output", "--region")
_FAILED = 254  # the exit code of AWS's own program for what a service refuses


def install(folder: Path, answers: Mapping[str, Any]) -> str:
    """Put the program into a folder and return the PATH on which others find it.

    Args:
        folder: New; the calls are noted there.
        answers: `service operation`, as in the command, → what it prints; a text is a refusal.
    """
    folder.mkdir(parents=True)
    (folder / _ANSWERS).write_text(json.dumps(answers), encoding="utf-8")
    program = folder / "aws"
    words = [sys.executable, str(Path(__file__).resolve()), str(folder)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def calls(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return `service operation` and its parameters, of each call that was valid."""
    noted = folder / _CALLS
    lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
    return [(call["command"], call["parameters"]) for call in map(json.loads, lines)]


def main(folder: Path, service: str, operation: str, *options: str) -> int:
    """Behave as `aws` does, and return its exit code."""
    import botocore.session
    from botocore import xform_name
    from botocore.validate import validate_parameters

    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    parameters = _parameters(shape, dict(zip(options[::2], options[1::2], strict=True)))
    validate_parameters(parameters, shape)
    with (folder / _CALLS).open("a", encoding="utf-8") as file:
        call = {"command": f"{service} {operation}", "parameters": parameters}
        file.write(json.dumps(call) + "\n")
    answers = json.loads((folder / _ANSWERS).read_text(encoding="utf-8"))
    answer = answers.get(f"{service} {operation}", {})
    if isinstance(answer, str):
        print(answer, file=sys.stderr)
        return _FAILED
    print(json.dumps(answer))
    return 0


def _parameters(shape: Any, options: Mapping[str, str]) -> dict[str, Any]:
    """Return what options say, as the model calls it; an unknown one is a KeyError."""
    from botocore import xform_name

    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    found: dict[str, Any] = json.loads(options.get("--cli-input-json", "{}"))
    for option, value in options.items():
        if option not in (*_GLOBAL, "--cli-input-json"):
            name = members[option]
            plain = shape.members[name].type_name in ("string", "blob")
            found[name] = value if plain else json.loads(value)
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
