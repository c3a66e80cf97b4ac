"""Credit on bare paths, beside the packages that do only this: `python -m tests.benchmarks.paths`.

They come with `uv run --with`, as docs/benchmarks.md writes it; what is not installed is left out
and named. The paths are the 10,000 that ChannelAttribution ships, over and over; their touches are
a week apart, and the last one is the conversion.
"""

import argparse
import contextlib
import io
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import polars as pl

from workbench.attribution.credit import pair_weights
from workbench.definitions import Definition
from workbench.documents import parse_document

MODELS: Final = ("first", "last", "linear", "position", "time_decay")
Totals = dict[str, dict[str, float]]  # model, channel: conversions
_HOURS_APART: Final = 7 * 24
_CREDIT: Final[dict[str, dict[str, Any]]] = {"time_decay": {"half_life_days": 7}}


@dataclass(frozen=True)
class Contender:
    """A package: the module it installs, what it is given, and the models it defines as we do.

    `at_most` is the number of paths that it bears.
    """

    name: str
    module: str
    given: Callable[[pl.DataFrame], Any]
    totals: Callable[[Any], Totals]
    models: tuple[str, ...] = MODELS
    at_most: int = 1_000_000


def path_lines(count: int, *, repeat: int = 1) -> list[str]:
    """Seconds for the additive models on `count` paths, and how far the results are apart.

    Each package and the workbench by turns, `repeat` times; the best of each counts.
    """
    bundled = _bundled_paths()
    if bundled is None:
        return ["paths: ChannelAttribution is not installed, and its paths come with it"]
    lines = []
    for contender in CONTENDERS:
        if find_spec(contender.module) is None:
            lines.append(f"{contender.name} is not installed")
            continue
        size = min(count, contender.at_most)
        paths = pl.concat([bundled] * -(-size // bundled.height)).head(size)
        lines.append(_contest(contender, paths, repeat=repeat))
    return lines


def _contest(contender: Contender, paths: pl.DataFrame, *, repeat: int) -> str:
    given = contender.given(paths)
    _timed(contender.totals, contender.given(paths.head(100)))  # imports are no part of it
    theirs, ours = [], []
    for _ in range(repeat):
        took, expected = _timed(contender.totals, given)
        theirs.append(took)
        took, found = _timed(workbench_totals, paths, contender.models)
        ours.append(took)
    apart = max(_distance(found[model], expected[model]) for model in contender.models)
    return (
        f"{contender.name}, {paths.height:,} paths: {min(theirs):.2f} seconds, workbench "
        f"{min(ours):.2f}, {min(theirs) / min(ours):.1f} x as fast; "
        f"{', '.join(contender.models)} agree to {apart:.0e}"
    )


def workbench_totals(paths: pl.DataFrame, models: tuple[str, ...] = MODELS) -> Totals:
    """Conversions by channel under each model, by the weights of our own credit."""
    touches = _touches(paths, with_times="time_decay" in models)
    weight = pl.col("weight")
    credit = weight / weight.sum().over("opportunity") * pl.col("total_conversions")
    totals = {}
    for model in models:
        weighted = pair_weights(touches, _definition(model))
        conversions = paths["total_conversions"].gather(weighted["opportunity"])
        credited = weighted.with_columns(conversions).select("partner", credit)
        by_channel = credited.group_by("partner").sum()
        totals[model] = dict(by_channel.cast({"partner": pl.String}).rows())
    return totals


def _touches(paths: pl.DataFrame, *, with_times: bool) -> pl.DataFrame:
    """One row per touch of a path that converts, as the pairs of an opportunity."""
    lists = {"path": "partner"} | ({"hours": "from_created"} if with_times else {})
    touches = (
        paths.lazy()
        .with_row_index("opportunity")
        .filter(pl.col("total_conversions") > 0)
        .select(
            "opportunity", *(pl.col(of).str.split(" > ").alias(as_) for of, as_ in lists.items())
        )
        .explode(*lists.values())
        .with_columns(pl.col("partner").cast(pl.Categorical), role=pl.lit("sourced"))
    )
    if with_times:
        days = -(pl.col("from_created").cast(pl.Int32) // 24)
        touches = touches.with_columns(days, days.alias("from_closed"))
    return touches.collect()


def channel_attribution_totals(paths: Any) -> Totals:
    """The same by ChannelAttribution, which has no position-based model and no time decay."""
    from ChannelAttribution import heuristic_models  # noqa: PLC0415

    found = heuristic_models(paths, "path", "total_conversions", sep=">", flg_pro=False)
    columns = {"first": "first_touch", "last": "last_touch", "linear": "linear_touch"}
    return {
        model: dict(zip(found["channel_name"], found[column], strict=True))
        for model, column in columns.items()
    }


def mta_totals(paths: Any) -> Totals:
    """The same by mta, without its habits: loops stay, nothing is made to add up to 1."""
    from mta import MTA  # noqa: PLC0415

    model = MTA(paths, allow_loops=True, add_timepoints=False, normalize_by_default=False)
    model.first_touch().last_touch().linear(share="proportional").position_based()
    columns = {"first": "first_touch", "last": "last_touch", "linear": "linear"}
    columns["position"] = "pos_based"
    return {ours: model.attribution[name] for ours, name in columns.items()}


def mam_1_totals(paths: Any) -> Totals:
    """The same by marketing-attribution-models 1, which counts halvings down to whole ones."""
    from matplotlib import style  # noqa: PLC0415

    style.library["seaborn-white"] = style.library["seaborn-v0_8-white"]  # it asks for the old name
    from marketing_attribution_models import MAM  # noqa: PLC0415

    model = MAM(
        paths,
        channels_colname="path",
        time_till_conv_colname="hours",
        journey_with_conv_colname="converts",
        conversion_value="total_conversions",
    )
    credit = {
        "first": model.attribution_first_click,
        "last": model.attribution_last_click,
        "linear": model.attribution_linear,
        "position": model.attribution_position_based,
        "time_decay": model.attribution_time_decay,
    }
    by_channel = {ours: credited()[1].reset_index() for ours, credited in credit.items()}
    return {
        ours: dict(zip(found["channels"], found.iloc[:, -1], strict=True))
        for ours, found in by_channel.items()
    }


def mam_2_totals(paths: pl.DataFrame) -> Totals:
    """The same by marketing-attribution-models 2, which is written in polars."""
    from mam.core import MAM  # noqa: PLC0415

    model = MAM(
        paths,
        format_type="journey",
        channels_colname="path",
        time_till_conv_colname="hours",
        journey_with_conv_colname="converts",
        user_id_colname="journey",
        conversion_value_colname="total_conversions",
    )
    credit = {
        "first": model.run_first_click,
        "last": model.run_last_click,
        "linear": model.run_linear,
        "position": model.run_position_based,
        "time_decay": model.run_time_decay,
    }
    return {
        ours: dict(credited().to_polars().cast({"channels": pl.String}).rows())
        for ours, credited in credit.items()
    }


def _as_journeys(paths: pl.DataFrame) -> pl.DataFrame:
    return paths.with_row_index("journey").with_columns(converts=pl.col("total_conversions") > 0)


def _as_pandas(paths: pl.DataFrame) -> Any:
    import pandas as pd  # noqa: PLC0415 - the packages take nothing else, and bring it

    return pd.DataFrame(paths.to_dict(as_series=False))


CONTENDERS: Final = (
    Contender(
        "ChannelAttribution (C++)",
        "ChannelAttribution",
        given=_as_pandas,
        totals=channel_attribution_totals,
        models=MODELS[:3],
    ),
    Contender("mta", "mta", given=_as_pandas, totals=mta_totals, models=MODELS[:4]),
    Contender(
        "marketing-attribution-models 1 (pandas)",
        "marketing_attribution_models",
        given=lambda paths: _as_pandas(_as_journeys(paths)),
        totals=mam_1_totals,
        at_most=100_000,
    ),
    Contender(
        "marketing-attribution-models 2 (polars)", "mam", given=_as_journeys, totals=mam_2_totals
    ),
)


def _bundled_paths() -> pl.DataFrame | None:
    """ChannelAttribution's paths, each touch with its `hours` to the conversion."""
    found = find_spec("cypack")  # what the wheel of ChannelAttribution calls its data
    if found is None or not found.submodule_search_locations:
        return None
    data = Path(next(iter(found.submodule_search_locations))) / "data" / "Data.csv"
    paths = pl.read_csv(data, separator=";")
    counts = paths["path"].str.split(" > ").list.len()
    hours = [
        " > ".join(str(place * _HOURS_APART) for place in reversed(range(count)))
        for count in counts
    ]
    return paths.with_columns(pl.Series("hours", hours))


def _definition(model: str) -> Definition:
    content = {
        "id": model,
        "version": 1,
        "title": model,
        "rules": [{"role": "sourced", "touch_types": "any"}],
        "credit": {"model": model, **_CREDIT.get(model, {})},
    }
    return parse_document(content, Definition, "benchmark")


def _timed(totals: Callable[..., Totals], *arguments: Any) -> tuple[float, Totals]:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old packages about their own calls
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.paths")
    parser.add_argument("--paths", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    for line in path_lines(options.paths, repeat=options.repeat):
        print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
