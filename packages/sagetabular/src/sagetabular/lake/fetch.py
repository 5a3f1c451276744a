"""Fetch the real California table and undo the averages that scikit-learn's copy is stored in."""

from __future__ import annotations

import warnings
from http.client import HTTPException
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sagetabular.errors import UserError

FETCHED_TITLE = "California housing, 1990 census (Pace & Barry 1997)"


def fetch_california(downloads: Path) -> pd.DataFrame:
    """Download the table of 20,640 census block groups, once.

    Args:
        downloads: Where to keep the download.

    Returns:
        The nine raw columns in the original, geographic order.

    Raises:
        UserError: If the download fails, or an earlier one is damaged.
    """
    # Imported here: `pipeline data sample` should not wait for scikit-learn.
    from sklearn.datasets import fetch_california_housing

    try:
        with warnings.catch_warnings(action="ignore"):  # of the retry; what counts is its end
            downloaded = fetch_california_housing(data_home=downloads, n_retries=1, delay=0.2)
    except (OSError, HTTPException) as error:
        raise UserError(
            f"The California housing table could not be downloaded: {_reason(error)}.",
            "Fetch it on a machine with internet access, or use pipeline data sample "
            "or pipeline data add FILE.",
        ) from error
    except Exception as error:  # a damaged pickle may raise anything
        if not any(downloads.glob("*.pkz")):
            raise
        raise UserError(
            f"The earlier download in {downloads} cannot be read: {_reason(error)}.",
            "Delete that folder, and fetch again.",
        ) from error
    return raw_columns(downloaded.data, downloaded.feature_names, downloaded.target)


def _reason(error: Exception) -> str:
    """Return what went wrong, in one line."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def raw_columns(
    averages: npt.NDArray[np.float64], names: list[str], target: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Turn averages per household back into the census's counts.

    Args:
        averages: Shape (rows, 8): scikit-learn's features.
        names: Their names, e.g. `AveRooms`.
        target: Shape (rows,): house values in 100,000 dollars.

    Returns:
        Nine columns: counts per block group, income in 10,000 dollars, house value in dollars.
    """
    given = pd.DataFrame(averages, columns=names)
    households = given["Population"] / given["AveOccup"]
    columns = {
        "longitude": given["Longitude"],
        "latitude": given["Latitude"],
        "housing_median_age": given["HouseAge"],
        "total_rooms": given["AveRooms"] * households,
        "total_bedrooms": given["AveBedrms"] * households,
        "population": given["Population"],
        "households": households,
        "median_income": given["MedInc"],
        "median_house_value": pd.Series(target) * 100_000,
    }
    whole = set(columns) - {"longitude", "latitude", "median_income"}
    return pd.DataFrame(columns).round(dict.fromkeys(whole, 0)).astype(dict.fromkeys(whole, int))
