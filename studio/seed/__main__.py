"""Seed a project: `python -m seed RESULT` in the folder of the bundle.

What is done with the project depends on what is there, not on who asks. An empty repository gets
it, one that has it an offer of what is newer, and any other is refused. Nothing is overwritten.

RESULT is a file for the outcome in one line. Exit code: 0, 2 for what somebody has to correct (rule
and value, then the remedy), 1 for a mistake of this program.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from .answers import read_answers
from .bundle import open_bundle
from .refusing import SeedError
from .rendering import render
from .repository import Repository
from .sample import give_sample
from .storing import store
from .updating import offer

if TYPE_CHECKING:
    from .answers import Answers
    from .bundle import Bundle

# What CloudFormation asks for. A team that has emptied its lake gets no sample from an update.
REQUESTED = "SEED_REQUEST"


def main(result: Path) -> int:
    """Seed, write the outcome in one line, and return the exit code.

    Args:
        result: File for the outcome.
    """
    result.write_text("refused: the seed ended without a word, see the log.\n", encoding="utf-8")
    try:
        code, said = 0, seed(Path.cwd())
    except SeedError as error:
        print(error, file=sys.stderr)
        code, said = 2, f"refused: {error.line}"
    except Exception as error:  # a mistake of this program: the stack must still hear of it
        traceback.print_exc()
        code, said = 1, f"refused: the seed has a fault, {type(error).__name__}: {error}"
    said = "".join(each if each.isprintable() else " " for each in said)
    print(said)
    result.write_text(f"{said}\n", encoding="utf-8", errors="replace")
    return code


def seed(folder: Path) -> str:
    """Do what is to be done, and return what was.

    Args:
        folder: Of the bundle.

    Raises:
        SeedError: Something is to be corrected first.
    """
    answers = read_answers(os.environ)
    with tempfile.TemporaryDirectory(prefix="seed-") as work:
        bundle = open_bundle(folder, Path(work) / "template")
        answers.check_choices(bundle.choices())
        said = place(answers, bundle, Path(work))
    if os.environ.get(REQUESTED) == "Update":
        return said
    return f"{said} {give_sample(answers, folder / 'sample')}"


def place(answers: Answers, bundle: Bundle, work: Path) -> str:
    """Bring the project to where it belongs, and return what was done.

    Args:
        answers: What it is made of.
        bundle: The template.
        work: Folder for it.

    Raises:
        SeedError: Something else is there, or the place cannot be reached.
    """
    if answers.source_control == "none":
        return store(answers, bundle, work / "output")
    repository = Repository(answers.repository_url, answers.branch)
    refs = repository.refs()
    if not refs:
        project = render(answers, bundle, work / "output")
        return repository.begin(project, bundle.release)
    if f"refs/heads/{answers.branch}" not in refs:
        raise repository.strange(refs)
    return offer(repository, bundle, answers)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
