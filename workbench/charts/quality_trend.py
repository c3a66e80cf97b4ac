"""Chart of the quality history: what share of the data kept each rule, run after run."""

from typing import Final

import altair as alt
import polars as pl

from workbench.charts.theme import EXACT, INK, QUIET, AnyChart, as_of_words, finished
from workbench.quality import RULES

RULES_SHOWN: Final = 8
RUNS_SHOWN: Final = 12


def quality_trend(
    history: pl.DataFrame, *, run_id: str, width: int = 300, height: int = 26
) -> AnyChart | None:
    """The score of each rule over the last twelve runs, for the eight rules that score lowest now.

    Each line ends at the height of its label; how far it moves is drawn on one scale for all.
    `history` is the quality history of the run `run_id`. None where there is nothing to compare:
    no earlier run, or no rule that anything breaks now or broke before.
    """
    scores = history.filter(pl.col("dimension") == "rule")
    runs = scores.select("read_at", "run_id").unique().sort("read_at", "run_id").tail(RUNS_SHOWN)
    scores = scores.join(runs.with_row_index("number"), on=["read_at", "run_id"])
    broken = scores.filter(pl.col("score").min().over("member") < 1)
    now = broken.filter(pl.col("run_id") == run_id).sort("score", "member").head(RULES_SHOWN)
    if runs.height < 2 or now.is_empty():
        return None
    titles = {rule.id: rule.title for rule in RULES}
    order = [titles.get(rule, rule) for rule in now["member"]]
    rows = (
        broken.join(now.select("member", score_now="score"), on="member")
        .sort("member", "number")
        .select(
            "number",
            "score",
            "read_at",
            (pl.col("score") - pl.col("score_now")).alias("moved"),
            pl.col("member").replace(titles).alias("rule"),
        )
    )
    rows = rows.with_columns(
        pl.concat_str(
            "rule", pl.lit(", read "), pl.col("read_at").dt.strftime("%Y-%m-%d"), pl.lit(": ")
        ).alias("run"),
        pl.Series("label", [f"{score * 100:.1f} %" for score in rows["score"]], dtype=pl.String),
        (pl.col("number") == runs.height - 1).alias("is_latest"),
    )
    rows = rows.with_columns(
        pl.concat_str("run", "label", pl.lit(" of the records keep the rule")).alias("exact")
    ).drop("read_at", "run")
    x = alt.X("number:Q").axis(None).scale(domain=[0, runs.height - 1], nice=False)
    widest = max(abs(moved) for moved in rows["moved"]) or 1.0
    y = alt.Y("moved:Q").axis(None).scale(domain=[-widest, widest], padding=4)
    base = alt.Chart().encode(x=x, y=y, tooltip=EXACT)
    line = alt.Chart().encode(x=x, y=y).mark_line(color=QUIET, strokeWidth=1.5)
    points = base.mark_point(filled=True, size=22, color=INK, opacity=1)
    latest = (
        alt.Chart()
        .transform_filter("datum.is_latest")
        .mark_text(align="left", dx=8)
        .encode(x=x, y=y, text="label:N")
    )
    first_day, last_day = runs["read_at"][0], runs["read_at"][-1]
    chart = (
        alt.layer(line, points, latest, data=rows)
        .properties(width=width, height=height)
        .facet(
            row=alt.Row("rule:N")
            .sort(order)
            .title(None)
            .header(labelAngle=0, labelAlign="left", labelAnchor="middle", labelLimit=260)
        )
    )
    return finished(
        chart,
        title="Score by rule over the last runs, lowest first",
        subtitle=f"% of the records that keep the rule; {runs.height} runs since "
        f"{first_day:%Y-%m-%d}, {as_of_words(last_day)}",
        described=_in_words(rows, order),
    )


def _in_words(rows: pl.DataFrame, order: list[str]) -> str:
    by_rule = {
        rule: own["label"].to_list() for (rule,), own in rows.group_by("rule", maintain_order=True)
    }
    return "; ".join(f"{rule}: {', '.join(by_rule[rule])}" for rule in order)
