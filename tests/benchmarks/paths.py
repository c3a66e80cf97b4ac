"""Credit on bare paths, beside the packages that do only this: ChannelAttribution (C++) and mta.

They come with `uv run --with channelattribution --with matplotlib --with mta`; what is not
installed is left out and named. The paths are the 10,000 that ChannelAttribution ships, over and
over.
"""

import contextlib
import io
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import polars as pl

from workbench.attribution.credit import partner_shares
from workbench.definitions import Definition
from workbench.documents import parse_document

MODELS: Final = ("first", "last", "linear", "position")
Totals = dict[str, dict[str, float]]  # model, channel: conversions
_FEW_MODELS: Final = MODELS[:3]


def path_lines(count: int) -> list[str]:
    """Seconds for the additive models on `count` paths, and how far the results are apart."""
    bundled = _bundled_paths()
    if bundled is None:
        return ["paths: ChannelAttribution is not installed, and its paths come with it"]
    paths = pl.concat([bundled] * -(-count // bundled.height)).head(count)
    lines = [f"{count:,} paths"]
    for name, package, theirs, models in (
        ("ChannelAttribution", "ChannelAttribution", channel_attribution_totals, _FEW_MODELS),
        ("mta", "mta", mta_totals, MODELS),
    ):
        if find_spec(package) is None:
            lines.append(f"{name} is not installed")
            continue
        frame = _as_pandas(paths)
        took, expected = _timed(theirs, frame)
        ours, found = _timed(workbench_totals, paths, models)
        apart = max(_distance(found[model], expected[model]) for model in models)
        lines.append(
            f"{name}: {took:.2f} seconds, workbench {ours:.2f}, {took / ours:.1f} x as fast; "
            f"{', '.join(models)} agree to {apart:.0e}"
        )
    return lines


def workbench_totals(paths: pl.DataFrame, models: tuple[str, ...] = MODELS) -> Totals:
    """Conversions by channel under each model, by our own credit function."""
    touches = (
        paths.lazy()
        .with_row_index("opportunity")
        .filter(pl.col("total_conversions") > 0)
        .select("opportunity", pl.col("path").str.split(" > ").alias("partner"))
        .explode("partner")
        .with_columns(pl.col("partner").cast(pl.Categorical), role=pl.lit("sourced"))
        .collect()
    )
    conversions = paths["total_conversions"]
    totals = {}
    for model in models:
        shares = partner_shares(touches, _definition(model))
        credit = (
            shares["weight"] / shares["total_weight"] * conversions.gather(shares["opportunity"])
        )
        by_channel = shares.select("partner", credit.alias("credit")).group_by("partner").sum()
        totals[model] = dict(by_channel.cast({"partner": pl.String}).rows())
    return totals


def channel_attribution_totals(paths: Any) -> Totals:
    """The same by ChannelAttribution, which has no position-based model."""
    from ChannelAttribution import heuristic_models  # noqa: PLC0415

    found = heuristic_models(paths, "path", "total_conversions", sep=">", flg_pro=False)
    columns = dict(zip(_FEW_MODELS, ("first_touch", "last_touch", "linear_touch"), strict=True))
    return {
        model: dict(zip(found["channel_name"], found[column], strict=True))
        for model, column in columns.items()
    }


def mta_totals(paths: Any) -> Totals:
    """The same by mta, without its habits: loops stay, nothing is made to add up to 1."""
    from mta import MTA  # noqa: PLC0415

    model = MTA(paths, allow_loops=True, add_timepoints=False, normalize_by_default=False)
    model.first_touch().last_touch().linear(share="proportional").position_based()
    names = ("first_touch", "last_touch", "linear", "pos_based")
    return {ours: model.attribution[name] for ours, name in zip(MODELS, names, strict=True)}


def _as_pandas(paths: pl.DataFrame) -> Any:
    import pandas as pd  # noqa: PLC0415 - both packages take nothing else, and bring it

    return pd.DataFrame(paths.to_dict(as_series=False))


def _bundled_paths() -> pl.DataFrame | None:
    found = find_spec("cypack")  # what the wheel of ChannelAttribution calls its data
    if found is None or not found.submodule_search_locations:
        return None
    data = Path(next(iter(found.submodule_search_locations))) / "data" / "Data.csv"
    return pl.read_csv(data, separator=";")


def _definition(model: str) -> Definition:
    content = {
        "id": model,
        "version": 1,
        "title": model,
        "rules": [{"role": "sourced", "touch_types": "any"}],
        "credit": {"model": model},
    }
    return parse_document(content, Definition, "benchmark")


def _timed(totals: Callable[..., Totals], *arguments: Any) -> tuple[float, Totals]:
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        result = totals(*arguments)
        return time.perf_counter() - began, result


def _distance(one: dict[str, float], other: dict[str, float]) -> float:
    """The largest relative difference between two channels' totals."""
    channels = one.keys() | other.keys()
    return max(
        abs(one.get(channel, 0) - other.get(channel, 0)) / max(abs(other.get(channel, 0)), 1)
        for channel in channels
    )
