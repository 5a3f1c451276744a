"""The common checks of models, one test case each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sagetabular.model_checks import Asked, Check, checks_of, open_subject, run_check, title
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.settings import load_project


@dataclass(frozen=True)
class ModelCheck:
    """One check of one model.

    Attributes:
        root: Folder of the project.
        model: Name of the folder below `models/`.
        check: What is checked.
    """

    root: Path
    model: str
    check: Check

    def __str__(self) -> str:
        """Return what a test report shows, such as `xgboost: fit leaves its input as it is`."""
        return f"{self.model}: {title(self.check)}"

    def run(self) -> None:
        """Run the check, each time on a model imported afresh.

        Raises:
            AssertionError: The model does something else; the text says what.
        """
        project = load_project(self.root)
        model, asked = project.models[self.model], Asked.by(project.pipeline)
        given, limits = middle(model, asked), ends(model)
        with open_subject(self.root, self.model, given, limits, asked) as subject:
            outcome = run_check(self.check, subject)
        if outcome.status != "ok":
            raise AssertionError(f"{self}: {outcome.reason}\n{outcome.details}".rstrip())


def model_checks(root: Path | str = ".") -> list[ModelCheck]:
    """Return every check of every model with a `model.py` that lies in the project, for its task.

    Args:
        root: Folder of the project.

    Raises:
        UserError: `conf/` or `models/` break a rule.
    """
    folder = Path(root).resolve()
    project = load_project(folder)
    files = {name: folder / "models" / name / "model.py" for name in project.units}
    names = [name for name, file in files.items() if file.is_file()]
    checks = checks_of(project.pipeline.task)
    return [ModelCheck(folder, name, check) for name in names for check in checks]
