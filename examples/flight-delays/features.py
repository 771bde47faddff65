"""Flights as the model sees them: only what is known one hour before departure."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
NEW_YORK = "America/New_York"
CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = [
    "day_of_week", "departure_minute", "arrival_minute", "distance",
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
    "plane_year", "seats", "delay_carrier_24h", "delay_carrier_7d", "delay_origin_3h", "delay_origin_24h",
]
COLUMNS = CATEGORIES + NUMBERS
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
LATE_MINUTES = 15
WEATHER_HOURS = 2
HOUR = np.int64(3_600_000_000)


def load_flights() -> pd.DataFrame:
    """One row a flight with COLUMNS, `departure` (UTC), `known_at` (arrival, UTC), `arr_delay`, `late`, `key`."""
    flights = pd.read_parquet(DATA / "flights.parquet")
    flights["departure"] = flights.time_hour + pd.to_timedelta(flights.minute, unit="min")
    flights["known_at"] = scheduled_arrival(flights) + pd.to_timedelta(flights.arr_delay.astype("float64"), unit="min")
    flights = flights.merge(weather(), on=["origin", "time_hour"], how="left").merge(planes(), on="tailnum", how="left")
    local = flights.departure.dt.tz_convert(NEW_YORK)
    flights["day_of_week"] = local.dt.dayofweek + 1
    flights["departure_minute"] = flights.hour * 60 + flights.minute
    flights["arrival_minute"] = flights.sched_arr_time // 100 * 60 + flights.sched_arr_time % 100
    add_recent_delays(flights)
    flights["late"] = (flights.arr_delay > LATE_MINUTES).where(flights.arr_delay.notna())
    flights["key"] = (
        flights.departure.dt.strftime("%Y-%m-%dT%H:%MZ") + "/" + flights.carrier + flights.flight.astype(str)
        + "/" + flights.origin
    )
    flights[NUMBERS] = flights[NUMBERS].astype("float64")
    return flights


def weather() -> pd.DataFrame:
    """The nine columns, two hours late: an hour's row is finished at 51 minutes past it. One impossible wind speed is dropped."""
    table = pd.read_parquet(DATA / "weather.parquet")[["origin", "time_hour", *WEATHER]]
    table.loc[table.wind_speed > 200, "wind_speed"] = np.nan
    table["time_hour"] += pd.Timedelta(hours=WEATHER_HOURS)
    return table


def planes() -> pd.DataFrame:
    return pd.read_parquet(DATA / "planes.parquet")[["tailnum", "year", "seats"]].rename(columns={"year": "plane_year"})


def scheduled_arrival(flights: pd.DataFrame) -> pd.Series:
    """The first instant after departure at which a clock at the destination shows the scheduled arrival."""
    zones = pd.read_parquet(DATA / "airports.parquet").set_index("faa").tzone
    # Four destinations in Puerto Rico and the Virgin Islands have no row.
    zone_of = flights.dest.map(zones).fillna("America/Puerto_Rico")
    arrival = pd.Series(pd.NaT, index=flights.index, dtype=flights.departure.dtype)
    for zone, part in flights.groupby(zone_of):
        local = part.departure.dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
        clock = pd.to_timedelta(part.sched_arr_time // 100 % 24 * 60 + part.sched_arr_time % 100, unit="min")
        same_day = local.dt.normalize() + clock
        shown = same_day.where(same_day > local, same_day + pd.Timedelta(days=1))
        arrival.loc[part.index] = shown.dt.tz_localize(ZoneInfo(zone), ambiguous=False, nonexistent="shift_forward").dt.tz_convert("UTC")
    return arrival


def add_recent_delays(flights: pd.DataFrame) -> None:
    """Mean delay of flights that had arrived in a window that ends one hour before the scheduled departure."""
    for name, keys, hours in [
        ("delay_carrier_24h", ["carrier", "origin"], 24),
        ("delay_carrier_7d", ["carrier", "origin"], 7 * 24),
        ("delay_origin_3h", ["origin"], 3),
        ("delay_origin_24h", ["origin"], 24),
    ]:
        flights[name] = np.nan
        for _, part in flights.groupby(keys):
            done = part[part.arr_delay.notna()].sort_values("known_at")
            arrived = microseconds(done.known_at)
            total = np.concatenate([[0.0], done.arr_delay.astype("float64").cumsum()])
            end = microseconds(part.departure) - HOUR
            last = np.searchsorted(arrived, end, side="left")
            first = np.searchsorted(arrived, end - hours * HOUR, side="left")
            count = last - first
            with np.errstate(invalid="ignore"):
                flights.loc[part.index, name] = (total[last] - total[first]) / np.where(count > 0, count, np.nan)


def microseconds(times: pd.Series) -> np.ndarray:
    return times.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").astype("int64").to_numpy()
