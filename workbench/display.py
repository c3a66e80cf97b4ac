"""How a notebook shows what it made: captioned tables, sentences, and the page as a picture."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import polars as pl
from great_tables import GT, loc, style
from IPython.display import HTML

ROWS_SHOWN: Final = 20
_TEXT_COLOUR: Final = "#1a1a1a"
_PICTURE_WIDTH: Final = 850  # pixels: a page whose smallest letters can be read
# Columns that hold a word of a closed list; in a cell its underscores are blanks.
_WORDS: Final = frozenset(
    {
        "classification",
        "decision",
        "dimension",
        "evidence_grade",
        "metric",
        "opportunity_type",
        "partner_type",
        "reason",
        "role",
        "touch_type",
    }
)


@dataclass(frozen=True)
class Picture:
    """A picture that every viewer of notebooks shows, with its words as alt text."""

    png: bytes
    description: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """What Jupyter asks of an object that shows itself."""
        data = {"image/png": b64encode(self.png).decode(), "text/plain": self.description}
        return data, {"image/png": {"alt": self.description, "width": _PICTURE_WIDTH}}


def table(frame: pl.DataFrame, *, title: str, rows: int = ROWS_SHOWN) -> HTML:
    """The first rows of a frame as a captioned table; says how many rows it leaves out.

    Column names and the words of closed lists are shown with blanks, whole numbers, amounts and
    counts (rows whose `unit` is count) with thousands separators, shares and rates (`_rate`,
    `_share`, `score`) in percent, instants as days, a missing value as a dash.
    """
    left_out = frame.height - rows
    anchor = "table-" + re.sub(r"[^a-z0-9]+", "-", title.lower())
    shown = GT(_readable(frame.head(rows)), id=anchor).tab_header(title=title)
    names = [name for name in frame.columns if frame[name].dtype.is_numeric()]
    percents = [n for n in names if n.rpartition("_")[2] in {"rate", "share", "score"}]
    integers = [n for n in names if frame[n].dtype.is_integer()]
    amounts = [n for n in names if n not in percents and n not in integers]
    shown = (
        shown.fmt_integer(columns=integers)
        .fmt_percent(columns=percents, decimals=1, incl_space=True)
        .fmt_number(columns=amounts, decimals=2)
        .fmt_integer(columns=amounts, rows=_counts(frame.head(rows)))
        .sub_missing(missing_text="–")
        .cols_label({name: name.replace("_", " ") for name in frame.columns})
        .cols_align("right", columns=names)
        .tab_style(style.text(weight="bold"), [loc.title(), loc.column_labels()])
        .tab_options(
            table_font_names=["inherit"],
            table_font_size="14px",
            table_font_color=_TEXT_COLOUR,
            heading_align="left",
            heading_title_font_size="16px",
            table_border_top_width="1px",
            table_border_top_color=_TEXT_COLOUR,
            table_border_bottom_width="1px",
            column_labels_border_top_style="hidden",
            column_labels_border_bottom_width="1px",
            table_body_border_bottom_width="1px",
            data_row_padding="4px",
            table_margin_left="0px",
            table_width="auto",
        )
    )
    keys = [name for name in frame.columns if name.endswith(("_id", "_on", "_at"))]
    whole = [*keys, *(name for name in names if name not in keys)]
    if whole and not frame.is_empty():
        shown = shown.tab_style(style.css("white-space: nowrap"), loc.body(columns=whole))
    if left_out > 0:
        shown = shown.tab_source_note(f"The first {rows} of {frame.height:,} rows.")
    if frame.is_empty():
        shown = shown.tab_source_note("No rows.")
    # What scrolls can be reached by the keyboard, and says what it is.
    region = f'<div role="region" aria-label="{escape(title)}" tabindex="0" id='
    return HTML(shown.as_raw_html().replace("<div id=", region, 1))


def _counts(frame: pl.DataFrame) -> list[int]:
    """The numbers of the rows whose values are counts."""
    units = frame["unit"].to_list() if "unit" in frame.columns else []
    return [number for number, unit in enumerate(units) if unit == "count"]


def _readable(frame: pl.DataFrame) -> pl.DataFrame:
    """Instants as days in UTC, lists as words, words without underscores: what a cell can show."""
    dtypes = frame.schema
    return frame.with_columns(
        *(
            pl.col(name)
            .cast(pl.String)
            .str.replace("co_sell", "co-sell", literal=True)
            .str.replace_all("_", " ", literal=True)
            for name, dtype in dtypes.items()
            if name in _WORDS and isinstance(dtype, pl.String | pl.Enum | pl.Categorical)
        ),
        *(
            pl.col(name).dt.strftime("%Y-%m-%d")
            for name, dtype in dtypes.items()
            if isinstance(dtype, pl.Datetime)
        ),
        *(
            pl.col(name).list.join("; ")
            for name, dtype in dtypes.items()
            if isinstance(dtype, pl.List)
        ),
    )


def sentences(texts: Iterable[str]) -> HTML:
    """Sentences that a run made, each on its own line; the names in them are shown as text."""
    return HTML("".join(f"<p>{escape(text)}</p>" for text in texts) or "<p>Nothing to say.</p>")


def picture(png: bytes, *, description: str) -> Picture:
    """A page as a picture, with the words that stand for it where it cannot be seen."""
    return Picture(png, description)
