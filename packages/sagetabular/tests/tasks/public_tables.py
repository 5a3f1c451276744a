"""Public tables that Python packages ship, as files that a user may have.

scikit-learn: diabetes (Efron et al. 2004), breast cancer (Wolberg et al. 1995), wine (Aeberhard and
Forina 1991), UCI. palmerpenguins: Gorman et al. 2014, CC0. vega_datasets: cars (StatLib, ASA Data
Expo 1983), Seattle's weather (NOAA).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd
from sklearn import datasets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class PublicTable:
    """A table, and what a user knows of it.

    Attributes:
        frame: Makes it.
        task: What is asked.
        target: Name of the target.
        metric: What models are selected by, where that is not the task's default.
        positive: The class to find, of two.
        left_out: Columns that are no features.
    """

    frame: Callable[[], pd.DataFrame]
    task: str
    target: str
    metric: str
    positive: str | None = None
    left_out: tuple[str, ...] = field(default=())

    def write(self, file: Path) -> pd.DataFrame:
        """Write it as CSV, and return what another reader, pandas, finds in the file."""
        table = self.frame().rename(columns=lambda name: re.sub(r"\W+", "_", name).lower())
        table.to_csv(file, index=False)
        return pd.read_csv(file, float_precision="round_trip")

    def conf(self, table: pd.DataFrame) -> dict[str, object]:
        """Return what `conf/pipeline.yaml` has to say of it, beside the table's place."""
        columns = {
            name: "number" if pd.api.types.is_numeric_dtype(table[name]) else "category"
            for name in table
            if name not in self.left_out
        }
        data = {"target": self.target, "columns": columns}
        if self.positive is not None:
            data["positive"] = self.positive
        return {"task": self.task, "data": data}


def _of_sklearn(name: str, *, classes: bool) -> pd.DataFrame:
    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    table = loaded.frame
    return table.assign(target=loaded.target_names[table["target"]]) if classes else table


def _file(package: str, path: str) -> Path:
    return resources.files(package) / path


def _penguins() -> pd.DataFrame:
    return pd.read_csv(_file("palmerpenguins", "data/penguins.csv"))


TABLES = {
    "diabetes": PublicTable(
        lambda: _of_sklearn("diabetes", classes=False), "regression", "target", "r2"
    ),
    "cars": PublicTable(
        lambda: pd.read_json(_file("vega_datasets", "_data/cars.json"), convert_dates=False),
        "regression",
        "miles_per_gallon",
        "rmse",
        left_out=("name", "year"),
    ),
    "breast cancer": PublicTable(
        lambda: _of_sklearn("breast_cancer", classes=True),
        "binary",
        "target",
        "roc_auc",
        positive="malignant",
    ),
    "sex of penguins": PublicTable(_penguins, "binary", "sex", "log_loss", positive="male"),
    "wine": PublicTable(
        lambda: _of_sklearn("wine", classes=True), "multiclass", "target", "accuracy"
    ),
    "species of penguins": PublicTable(_penguins, "multiclass", "species", "log_loss"),
    "weather": PublicTable(
        lambda: pd.read_csv(_file("vega_datasets", "_data/seattle-weather.csv")),
        "multiclass",
        "weather",
        "macro_f1",
        left_out=("date",),
    ),
}
"""Name → table. Penguins and cars have gaps and categories, in the target too; 23 of 1,461 days of
the weather are snow."""
