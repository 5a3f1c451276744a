"""A made-up housing table, so that a new project runs before it has any data.

No row of it is real. It has the columns, ranges, skew, cap and geographic order of the California
census table, and smooth interactions that boosted trees can learn and a single tree only partly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]
"""One number per row, shape (rows,)."""

SAMPLE_TITLE = "made-up housing sample"
TARGET_CAP = 500_001
TARGET_FLOOR = 14_999
CAPPED_SHARE = 0.048

# Longitude, latitude, spread in degrees, share of the rows.
_CITIES = np.array(
    [
        (-122.15, 37.65, 0.32, 0.24),  # San Francisco Bay
        (-118.15, 33.98, 0.30, 0.36),  # Los Angeles
        (-117.10, 32.85, 0.18, 0.09),  # San Diego
        (-121.35, 38.58, 0.35, 0.10),  # Sacramento
        (-119.60, 36.50, 0.60, 0.11),  # San Joaquin Valley
        (-117.05, 34.25, 0.50, 0.06),  # Inland Empire
        (-121.60, 40.20, 0.80, 0.04),  # the north
    ]
)
_WEST, _EAST, _SOUTH, _NORTH = -124.35, -114.31, 32.54, 41.95
# The coast and the eastern border, as longitude at latitude.
_BORDER_LATITUDES = (32.54, 34.0, 34.5, 36.6, 37.8, 39.0, 40.4, 41.95)
_COAST = (-117.15, -118.50, -120.60, -121.95, -122.52, -123.72, -124.35, -124.20)
_INLAND = (-114.60, -114.31, -114.60, -117.40, -118.90, -120.00, -120.00, -120.00)


def make_sample(rows: int = 6000, seed: int = 23) -> pd.DataFrame:
    """Make up a table of census block groups.

    Args:
        rows: Number of rows, 1 or more.
        seed: Seed of the random numbers; the same seed gives the same table.

    Returns:
        `rows` rows in geographic order (north to south) with nine columns: position in degrees,
        age in years, counts per block group, income in 10,000 dollars, house value in dollars.

    Raises:
        ValueError: If `rows` is less than 1.
    """
    if rows < 1:
        raise ValueError(f"rows must be 1 or more, got {rows}.")
    random = np.random.default_rng(seed)
    longitude, latitude = _positions(rows, random)
    urban = _urbanity(longitude, latitude)
    age = np.clip(np.round(random.normal(22 + 13 * urban, 11)), 1, 52)
    income = _incomes(longitude, latitude, random)
    frame = _counts(income, age, urban, random)
    frame.insert(0, "longitude", longitude)
    frame.insert(1, "latitude", latitude)
    frame.insert(2, "housing_median_age", age.astype(np.int64))
    frame["median_income"] = income
    frame["median_house_value"] = _house_values(frame, random)
    return frame


def _positions(rows: int, random: np.random.Generator) -> tuple[Values, Values]:
    """Draw positions around the cities, inside the state, ordered from north to south."""
    city = random.choice(len(_CITIES), size=rows, p=_CITIES[:, 3])
    spread = _CITIES[city, 2]
    latitude = np.clip(random.normal(_CITIES[city, 1], spread * 0.7), _SOUTH, _NORTH)
    longitude = np.clip(
        random.normal(_CITIES[city, 0], spread),
        np.interp(latitude, _BORDER_LATITUDES, _COAST) + random.uniform(0, 0.15, rows),
        np.interp(latitude, _BORDER_LATITUDES, _INLAND),
    )
    longitude, latitude = longitude.round(2), latitude.round(2)
    order = np.lexsort((longitude, -np.floor(latitude * 4)))
    return np.clip(longitude, _WEST, _EAST)[order], latitude[order]


def _nearness(longitude: Values, latitude: Values, city: int, reach: float) -> Values:
    """Return 1 in the middle of a city, falling to 0 over `reach` degrees."""
    east, north = longitude - _CITIES[city, 0], latitude - _CITIES[city, 1]
    return np.asarray(np.exp(-((east * 0.8) ** 2 + north**2) / (2 * reach**2)))


def _urbanity(longitude: Values, latitude: Values) -> Values:
    """Return how urban a place is, from 0 to 1."""
    bay = _nearness(longitude, latitude, 0, 0.35)
    angeles = _nearness(longitude, latitude, 1, 0.35)
    return np.maximum(bay, angeles)


def _coastal(longitude: Values, latitude: Values) -> Values:
    """Return 1 at the coast, falling to 0 inland over about half a degree."""
    inland = longitude - np.interp(latitude, _BORDER_LATITUDES, _COAST)
    return np.asarray(np.exp(-np.clip(inland, 0, None) / 0.45))


def _incomes(longitude: Values, latitude: Values, random: np.random.Generator) -> Values:
    """Return median incomes in 10,000 dollars: skewed, richer in waves around the cities."""
    waves = np.sin(5.0 * longitude + 2.0 * latitude) + np.cos(6.0 * latitude - 3.0 * longitude)
    level = 1.10 + 0.25 * _coastal(longitude, latitude) + 0.16 * waves
    incomes: Values = np.clip(np.exp(random.normal(level, 0.30)), 0.4999, 15.0001).round(4)
    return incomes


def _counts(
    income: Values, age: Values, urban: Values, random: np.random.Generator
) -> pd.DataFrame:
    """Return the counts per block group; people with more income have more rooms."""
    rows = len(income)
    households = np.clip(np.exp(random.normal(6.15 - 0.008 * (age - 28), 0.66)), 5, 6082).round()
    rooms = np.exp(random.normal(1.10 + 0.45 * np.log(income) - 0.20 * urban, 0.10, rows))
    bedrooms = np.clip(random.normal(1.04, 0.06, rows), 0.7, None)
    people = np.exp(random.normal(0.98 + 0.16 * urban - 0.08 * np.log(income / 3.5), 0.20, rows))
    counts = {
        "total_rooms": np.clip((rooms * households).round(), 2, 39320),
        "total_bedrooms": np.clip((bedrooms * households).round(), 1, 6445),
        "population": np.clip((people * households).round(), 3, 35682),
        "households": households,
    }
    return pd.DataFrame(counts).astype(np.int64)


def _house_values(frame: pd.DataFrame, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return house values in dollars, rounded to 100, with the census's floor and cap."""
    longitude, latitude = frame["longitude"].to_numpy(), frame["latitude"].to_numpy()
    bay = _nearness(longitude, latitude, 0, 0.55)
    angeles = _nearness(longitude, latitude, 1, 0.60)
    coastal = _coastal(longitude, latitude)
    income = np.log(frame["median_income"].to_numpy() / 3.5)
    rooms = np.log((frame["total_rooms"] / frame["households"]).to_numpy() / 5.2)
    crowding = np.log((frame["population"] / frame["households"]).to_numpy() / 2.9)
    age = (frame["housing_median_age"].to_numpy() - 28) / 12
    level = (
        0.85 * bay
        + 0.65 * angeles
        + 0.95 * coastal
        + (0.40 + 0.25 * coastal) * income
        + (0.35 - 0.45 * bay) * rooms
        - (0.30 + 0.35 * angeles) * crowding
        + 0.10 * age * (bay + angeles - 0.3)
    )
    values = np.exp(level + random.normal(0, 0.165, len(frame)))
    dollars = values * TARGET_CAP / np.quantile(values, 1 - CAPPED_SHARE)
    whole: npt.NDArray[np.int64] = dollars.round(-2).clip(TARGET_FLOOR, TARGET_CAP).astype(np.int64)
    return whole
