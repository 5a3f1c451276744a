"""The common checks of models, one test case each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sagetabular.model_checks import CHECKS, Check, open_subject, run_check, title
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
        settings = load_project(self.root).models[self.model]
        with open_subject(self.root, self.model, middle(settings), ends(settings)) as subject:
            outcome = run_check(self.check, subject)
        if outcome.status != "ok":
            raise AssertionError(f"{self}: {outcome.reason}\n{outcome.details}".rstrip())


def model_checks(root: Path | str = ".") -> list[ModelCheck]:
    """Return every check of every model with a `model.py` that lies in the project.

    Args:
        root: Folder of the project.

    Raises:
        UserError: `conf/` or `models/` break a rule.
    """
    folder = Path(root).resolve()
    units = load_project(folder).units.values()
    names = [unit.name for unit in units if (folder / "models" / unit.name / "model.py").is_file()]
    return [ModelCheck(folder, name, check) for name in names for check in CHECKS]
