"""The tornado chart: how much the sourced bookings depend on each choice of a definition."""

from datetime import date
from decimal import Decimal
from typing import Any

import altair as alt
import polars as pl

from workbench.attribution.sensitivity import Sensitivity
from workbench.charts.theme import COLOURS, EXACT, AnyChart, as_of_words, finished


def sensitivity_tornado(
    sensitivity: Sensitivity, *, currency: str, as_of: date, width: int = 300, step: int = 18
) -> AnyChart:
    """One bar per variant, longest first, from the definition's own figure to the variant's.

    Each bar says what the figure becomes, in whole units of the currency.
    """
    variants = sensitivity.variants
    rows = variants.select(
        "change",
        pl.col("difference").cast(pl.Float64),
        pl.max_horizontal(pl.col("difference").cast(pl.Float64), 0.0).alias("ends_at"),
        pl.Series(
            "label",
            [_label(*row) for row in variants.select("sourced_bookings", "difference").rows()],
            dtype=pl.String,
        ),
        pl.Series("exact", [_said(row, currency) for row in variants.to_dicts()], dtype=pl.String),
    )
    y = alt.Y("change:N").sort(rows["change"].to_list()).title(None)
    base = alt.Chart(rows).encode(
        y=y.axis(domain=False, labelLimit=400, labelPadding=6), tooltip=EXACT
    )
    bars = base.mark_bar(color=COLOURS["sourced"]).encode(
        x=alt.X("difference:Q").axis(None).scale(zero=True)
    )
    labels = base.mark_text(align="left", dx=4, fontSize=9).encode(x="ends_at:Q", text="label:N")
    own = alt.Chart(rows).mark_rule(strokeWidth=0.7).encode(x=alt.datum(0.0))
    described = "; ".join(f"{change}: {label}" for change, label in rows["change", "label"].rows())
    return finished(
        alt.layer(bars, labels, own).properties(width=width, height=alt.Step(step)),
        title=f"Sourced bookings of {sensitivity.period.title} with one choice changed, {currency}",
        subtitle=(
            f"from {sensitivity.bookings:,.0f} under {sensitivity.definition.id}, "
            f"{as_of_words(as_of)}"
        ),
        described=described,
    )


def _label(bookings: Decimal, difference: Decimal) -> str:
    """`1,149,533 (+549,643)`; what does not move is said in words."""
    if difference == 0:
        return "no change"
    return f"{bookings:,.0f} ({difference:+,.0f})".replace("-", "−")


def _said(variant: dict[str, Any], currency: str) -> str:
    bookings, difference = variant["sourced_bookings"], variant["difference"]
    said = f"{bookings:,.2f} {currency} ({difference:+,.2f})".replace("-", "−")
    return f"{variant['change']}: {said}"
