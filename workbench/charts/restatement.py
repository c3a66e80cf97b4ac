"""The waterfall: from the bookings as they were reported to those of today, part by part."""

from decimal import Decimal
from typing import Any, Final

import altair as alt
import polars as pl

from workbench.charts.theme import COLOURS, EXACT, LABELS, QUIET, AnyChart, as_of_words, finished
from workbench.restatement import PART_TITLES, Bridge
from workbench.vocabulary import ROLES

REPORTED: Final = "as reported"
TODAY: Final = "today"


def restatement_waterfall(
    bridge: Bridge, *, currency: str, width: int = 300, step: int = 18
) -> AnyChart:
    """Sourced over influenced bookings, never added: reported, what each part moved, today.

    A part's bar begins where the one above it ended; its label says by how much it moved.
    """
    rows = pl.DataFrame([row for role in ROLES for row in _bars(bridge, role, currency)])
    order = [REPORTED, *PART_TITLES.values(), TODAY]
    y = alt.Y("bar:N").sort(order).title(None).axis(domain=False, labelLimit=400, labelPadding=6)
    base = alt.Chart().encode(y=y, tooltip=EXACT)
    colour = (
        alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    strength = alt.when(alt.datum.is_total == True).then(alt.value(1.0)).otherwise(alt.value(0.6))  # noqa: E712
    bars = base.mark_bar(minBandSize=2).encode(
        x=alt.X("start:Q").axis(None).scale(zero=True), x2="end:Q", color=colour, opacity=strength
    )
    labels = base.mark_text(align="left", dx=4, fontSize=9).encode(x="right:Q", text="label:N")
    zero = alt.Chart().mark_rule(color=QUIET, strokeWidth=0.7).encode(x=alt.datum(0.0))
    panels = alt.Row("class:N").sort([LABELS[role] for role in ROLES]).title(None)
    chart = (
        alt.layer(bars, labels, zero, data=rows)
        .properties(width=width, height=alt.Step(step))
        .facet(row=panels.header(labelAngle=0, labelOrient="top"))
        .resolve_scale(y="independent")
    )
    described = "; ".join(
        f"{row['class']}, {row['bar']}: {row['label']}" for row in rows.iter_rows(named=True)
    )
    return finished(
        chart,
        title=f"Bookings of {bridge.period.title}, as reported and today, {currency}",
        subtitle=f"reported {as_of_words(bridge.reported_as_of)}",
        described=described,
    )


def _bars(bridge: Bridge, role: str, currency: str) -> list[dict[str, Any]]:
    """One bar per part that moved the figure, between the one reported and the one of today."""
    was, now = bridge.reported["bookings", role], bridge.today["bookings", role]
    bars = [_bar(REPORTED, role, Decimal(0), was, currency)]
    level = was
    for part, change, _ in bridge.parts("bookings", role).iter_rows():
        bars.append(_bar(PART_TITLES[part], role, level, level + change, currency))
        level += change
    return [*bars, _bar(TODAY, role, Decimal(0), now, currency)]


def _bar(name: str, role: str, start: Decimal, end: Decimal, currency: str) -> dict[str, Any]:
    is_total = name in {REPORTED, TODAY}
    label = f"{end:,.0f}" if is_total else f"{end - start:+,.0f}"
    exact = f"{end:,.2f}" if is_total else f"{end - start:+,.2f}"
    return {
        "bar": name,
        "classification": role,
        "class": LABELS[role],
        "is_total": is_total,
        "start": float(start),
        "end": float(end),
        "right": float(max(start, end, Decimal(0))),
        "label": label.replace("-", "−"),
        "exact": f"{LABELS[role]}, {name}: {exact.replace('-', '−')} {currency}",
    }
