"""The chart of effort: each partner's two rates with their intervals, side by side."""

from datetime import date
from typing import Any, Final

import altair as alt
import polars as pl

from workbench.charts.theme import EXACT, INK, QUIET, AnyChart, as_of_words, finished

PARTNERS_SHOWN: Final = 12
_HALVES: Final = ("There in the first half", "Won, of those")


def effort_intervals(
    effort: pl.DataFrame,
    *,
    names: dict[str, str],
    as_of: date,
    width: int = 220,
    step: int = 24,
) -> AnyChart | None:
    """The twelve partners whose win rate is surest to be high, each rate with its 95 % interval.

    `effort` is the table partner_effort, `names` the name of each partner. The order is that of the
    lower end of the win rate's interval. None where no rate is known.
    """
    known = effort.filter(pl.col("win_rate").is_not_null() & (pl.col("early_count") > 0))
    best = known.sort("win_low_rate", "partner_id", descending=[True, False]).head(PARTNERS_SHOWN)
    if best.is_empty():
        return None
    partner = pl.Series("partner", [names.get(one, one) for one in best["partner_id"]])
    best = best.with_columns(partner)
    rows = pl.concat(
        best.select(
            "partner",
            pl.lit(half).alias("half"),
            pl.col(f"{rate}_rate").alias("rate"),
            pl.col(f"{rate}_low_rate").alias("low"),
            pl.col(f"{rate}_high_rate").alias("high"),
            pl.concat_str(
                pl.col(part).cast(pl.String), pl.lit(" of "), pl.col(whole).cast(pl.String)
            ).alias("label"),
        )
        for half, rate, part, whole in (
            (_HALVES[0], "early", "early_count", "opportunity_count"),
            (_HALVES[1], "win", "won_count", "early_count"),
        )
    )
    exact = pl.Series("exact", [_said(row) for row in rows.to_dicts()], dtype=pl.String)
    rows = rows.with_columns(exact)
    order = best["partner"].to_list()
    y = alt.Y("partner:N").sort(order).title(None)
    y = y.axis(domain=False, labelColor=INK, labelLimit=190, labelPadding=6)
    x = alt.X("rate:Q").scale(domain=[0, 1]).title(None)
    x = x.axis(
        labelExpr="format(datum.value * 100, '.0f') + ' %'",
        values=[0, 0.5, 1],
        grid=True,
        gridColor="#e0e0e0",
    )
    base = alt.Chart().encode(y=y, tooltip=EXACT)
    intervals = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.6, color=QUIET).encode(
        x=alt.X("low:Q"), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=45, opacity=1, color=INK).encode(x=x)
    labels = base.mark_text(dy=-8, fontSize=9).encode(x=x, text="label:N")
    chart = (
        alt.layer(intervals, points, labels, data=rows)
        .properties(width=width, height=alt.Step(step))
        .facet(column=alt.Column("half:N").sort(list(_HALVES)).title(None))
    )
    return finished(
        chart,
        title="Where effort pays: partners that come early, and win",
        subtitle=f"each rate drawn towards all partners’, with 95 % interval, {as_of_words(as_of)}",
        described="; ".join(rows["exact"]),
    )


def _said(row: dict[str, Any]) -> str:
    low, high = row["low"] * 100, row["high"] * 100
    return f"{row['partner']}, {row['half'].lower()}: {row['label']}, {low:.0f} to {high:.0f} %"
