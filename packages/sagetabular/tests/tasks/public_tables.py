"""Public tables that Python packages ship, as files that a user may have.

scikit-learn: diabetes (Efron et al. 2004), breast cancer (Wolberg et al. 1995), wine (Aeberhard and
Forina 1991), UCI. palmerpenguins: Gorman et al. 2014, CC0. vega_datasets: cars (StatLib, ASA Data
Expo 1983), Seattle's weather (NOAA).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd
from sklearn import datasets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class PublicTable:
    """A table, and what a user asks of it.

    Attributes:
        frame: Makes it.
        target: The column to predict.
        task: What that is.
        metric: What models are to be selected by; all metrics have their turn.
    """

    frame: Callable[[], pd.DataFrame]
    target: str
    task: str
    metric: str

    def named(self) -> pd.DataFrame:
        """Return it with names as the lake has them."""
        return self.frame().rename(columns=lambda name: re.sub(r"\W+", "_", name).lower())

    def write(self, file: Path) -> pd.DataFrame:
        """Write it as CSV, and return what another reader, pandas, finds in the file."""
        self.named().to_csv(file, index=False)
        return pd.read_csv(file, float_precision="round_trip")


def _of_sklearn(name: str, *, classes: bool) -> pd.DataFrame:
    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    table = loaded.frame
    return table.assign(target=loaded.target_names[table["target"]]) if classes else table


def _file(package: str, path: str) -> Path:
    return resources.files(package) / path


def _penguins() -> pd.DataFrame:
    return pd.read_csv(_file("palmerpenguins", "data/penguins.csv"))


def _cars() -> pd.DataFrame:
    return pd.read_json(_file("vega_datasets", "_data/cars.json"), convert_dates=False)


def _weather() -> pd.DataFrame:
    return pd.read_csv(_file("vega_datasets", "_data/seattle-weather.csv"))


def _diabetes() -> pd.DataFrame:
    return _of_sklearn("diabetes", classes=False)


def _breast_cancer() -> pd.DataFrame:
    return _of_sklearn("breast_cancer", classes=True)


def _wine() -> pd.DataFrame:
    return _of_sklearn("wine", classes=True)


TABLES = {
    "diabetes": PublicTable(_diabetes, "target", "regression", "r2"),
    "cars": PublicTable(_cars, "miles_per_gallon", "regression", "rmse"),
    "breast cancer": PublicTable(_breast_cancer, "target", "binary", "roc_auc"),
    "sex of penguins": PublicTable(_penguins, "sex", "binary", "log_loss"),
    "wine": PublicTable(_wine, "target", "multiclass", "accuracy"),
    "species of penguins": PublicTable(_penguins, "species", "multiclass", "log_loss"),
    "weather": PublicTable(_weather, "weather", "multiclass", "macro_f1"),
}
"""Name → table. Penguins and cars have gaps and categories, in the target too; 23 of 1,461 days of
the weather are snow. Cars and weather lie in the order of time."""
