"""The trend of one partner, as a drawing of few lines: Altair would take 100 times as long."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.periods import period_title
from workbench.readout.formats import UNKNOWN, readable_amount
from workbench.site import page
from workbench.vocabulary import ROLES

_TITLES: Final = {"bookings": "Bookings", "created_pipeline": "Created pipeline"}
_STEP: Final = 34  # from one bar to the next
_HEIGHT: Final = 62  # of the longest bar
_SCALES: Final = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


@dataclass(frozen=True)
class Trend:
    """A drawing as SVG, and the same in words."""

    svg: str
    description: str


def partner_trend(figures: pl.DataFrame, *, currency: str) -> Trend:
    """Bookings and created pipeline of one partner over the nine periods, by class.

    Bars start at zero, the two classes of a metric share one scale and are never added; a value
    that is not known is said. `figures` are the rows of one partner.
    """
    panels = [
        panel
        for row, metric in enumerate(_TITLES)
        for panel in _panels(figures.filter(metric=metric), metric, row, currency)
    ]
    words = "; ".join(
        f"{panel['title']}: " + ", ".join(f"{bar['when']} {bar['said']}" for bar in panel["bars"])
        for panel in panels
    )
    description = f"Amounts by period. {words}."
    return Trend(
        page("workbench.partner_packs", "trend.svg.j2", panels=panels, description=description),
        description,
    )


def _panels(rows: pl.DataFrame, metric: str, row: int, currency: str) -> list[dict[str, Any]]:
    known = rows["value"].drop_nulls().to_list()
    highest, lowest = max([0.0, *known]), min([0.0, *known])
    divisor, unit = _scale(max(highest, -lowest))
    span = (highest - lowest) or 1.0
    said = f"{_TITLES[metric]}, {currency} {unit}".strip()
    panels = []
    for column, role in enumerate(ROLES):
        own = rows.filter(classification=role).sort("period")
        bars = [
            {
                "when": period_title(period),
                "said": readable_amount(value, currency=currency),
                "label": _label(value, divisor),
                "height": abs(value or 0) / span * _HEIGHT,
                "is_negative": (value or 0) < 0,
                "is_known": value is not None,
            }
            for period, value in own.select("period", "value").iter_rows()
        ]
        panels.append(
            {
                "title": f"{said}: {role}",
                "role": role,
                "x": column * (9 * _STEP + 24),
                "y": row * 118,
                "zero": 24 + highest / span * _HEIGHT,
                "floor": 24 + _HEIGHT,
                "bars": [bar | {"x": place * _STEP} for place, bar in enumerate(bars)],
                "ticks": _ticks([bar["when"] for bar in bars]),
            }
        )
    return panels


def _ticks(titles: Sequence[str]) -> list[tuple[str, str]]:
    """Part of the year and year of each period; the year only where it is another one."""
    split = [title.rsplit(" ", 1) for title in titles]
    years = ["", *(year for _, year in split)]
    return [
        (part[:3], year.replace("FY20", "FY") if year != before else "")
        for (part, year), before in zip(split, years, strict=False)
    ]


def _scale(highest: float) -> tuple[float, str]:
    """What to divide by so that labels stay short, and the word for it."""
    for divisor, word in _SCALES:
        if highest >= 10 * divisor or highest >= divisor >= 1e6:
            return divisor, word
    return 1.0, ""


def _label(value: float | None, divisor: float) -> str:
    """What stands at a bar; an amount too small for the unit is not written as zero."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    scaled = abs(value) / divisor
    places = 0 if scaled >= 100 or divisor <= 1e3 else 1 if scaled >= 10 else 2
    size = f"{scaled:,.{places}f}" if scaled >= 0.5 * 10**-places else f"<{10**-places:g}"
    return f"−{size}" if value < 0 else size
