"""Charts of records: findings by rule, opportunities by evidence grade."""

from datetime import date
from typing import Final

import altair as alt
import polars as pl

from workbench.charts.theme import COLOURS, EXACT, LABELS, AnyChart, as_of_words, finished
from workbench.quality import RULES

SEVERITY_COLOURS: Final = {"error": "#3f3f3f", "warning": "#8a8a8a", "info": "#c4c4c4"}


def findings_by_rule(
    findings: pl.DataFrame, *, as_of: date, width: int = 300, step: int = 18
) -> AnyChart:
    """How many findings each quality rule has, by its title, most first, errors darkest."""
    titles = {rule.id: rule.title for rule in RULES}
    counted = findings.group_by("rule", "severity").len("count")
    counted = counted.sort("count", "rule", "severity", descending=[True, False, False])
    counted = counted.with_columns(
        pl.concat_str(pl.col("rule").replace(titles), pl.lit(" ("), "severity", pl.lit(")")).alias(
            "name"
        ),
        pl.col("count").cast(pl.Int64),
    )
    counted = counted.with_columns(
        pl.concat_str("name", pl.lit(": "), pl.col("count").cast(pl.String)).alias("exact")
    )
    base = alt.Chart(counted).encode(
        tooltip=EXACT,
        x=alt.X("count:Q").axis(None).scale(zero=True),
        y=alt.Y("name:N").sort(counted["name"].to_list()).title(None).axis(labelLimit=320),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("severity:N")
        .scale(domain=list(SEVERITY_COLOURS), range=list(SEVERITY_COLOURS.values()))
        .legend(None)
    )
    counts = base.mark_text(align="left", dx=4, fontSize=9).encode(text="count:Q")
    return finished(
        alt.layer(bars, counts).properties(width=width, height=alt.Step(step)),
        title="Findings by rule, count",
        subtitle=as_of_words(as_of),
        described="; ".join(counted["exact"]),
    )


def evidence_grades(
    attribution: pl.DataFrame, *, as_of: date, width: int = 300, step: int = 18
) -> AnyChart:
    """How many opportunities of each classification have each evidence grade."""
    counted = (
        attribution.filter(pl.col("evidence_grade").is_not_null())
        .group_by("classification", "evidence_grade")
        .len("count")
        .sort("classification", "evidence_grade")
        .with_columns(
            pl.col("count").cast(pl.Int64),
            pl.col("classification").replace_strict(LABELS, default=None).alias("class"),
        )
    )
    words = ("class", pl.lit(", "), "evidence_grade", pl.lit(": "), pl.col("count").cast(pl.String))
    counted = counted.with_columns(pl.concat_str(*words).alias("exact"))
    base = alt.Chart().encode(
        tooltip=EXACT,
        x=alt.X("count:Q").axis(None).scale(zero=True),
        y=alt.Y("evidence_grade:N").sort(["evidenced", "claimed", "unsupported"]).title(None),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    counts = base.mark_text(align="left", dx=4, fontSize=9).encode(text="count:Q")
    rows = alt.Row("class:N").sort(["Sourced", "Influenced", "Direct"]).title(None)
    chart = (
        alt.layer(bars, counts, data=counted)
        .properties(width=width, height=alt.Step(step))
        .facet(row=rows.header(labelAngle=0, labelOrient="top"))
    )
    return finished(
        chart,
        title="Opportunities by evidence grade, count",
        subtitle=as_of_words(as_of),
        described="; ".join(counted["exact"]),
    )
