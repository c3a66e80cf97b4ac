"""The files of a pack: the page twice, to print and to read, and two tables."""

from dataclasses import asdict, replace
from typing import Final

import polars as pl
from markupsafe import Markup

from workbench.params import RunParams
from workbench.partner_packs.figures import COLUMNS
from workbench.partner_packs.grids import Grid
from workbench.partner_packs.others import Reader
from workbench.partner_packs.view import PackView
from workbench.readout.formats import counted
from workbench.site import page
from workbench.typesetting import typeset

# How many rows of each list are printed, and how many letters of a cell; index.html has them all.
_ROWS_IN_PRINT: Final = {"payouts": 6, "mendable": 10, "closed": 10, "open": 10}
_LETTERS_IN_PRINT: Final = {
    "Opportunity": 36,  # a UUID is whole
    "Record": 36,
    "Name": 48,
    "Account": 36,
    "Evidence": 30,
    "Why": 80,
    "What is missing": 80,
}
_ELSE_LETTERS: Final = 18
# What a spreadsheet program would run, at the start of a cell or of what it may take for one.
_RUNNABLE: Final = r"""(^|[\t\r\n,;|"'])(\s*)([=+\-@])"""
_TEXTS: Final = {
    "opportunity_id": "id",
    "name": "name",
    "account": "name",
    "stage": "stage",
    "evidence_url": "link",
}


def printed_page(view: PackView, *, params: RunParams) -> bytes:
    """The page as a tagged PDF (PDF/UA-1) of at most two sheets; the same view, the same bytes.

    Of a long list the first rows are printed, and how many more there are is said; of a long text
    the first letters.
    """
    content = asdict(view)
    for name, most in _ROWS_IN_PRINT.items():
        content[name] = asdict(_first(getattr(view, name), most))
    pictures = {"trend.svg": content["trend"].pop("svg")}
    return typeset("workbench.partner_packs", content, pictures=pictures, made=params.read_at)


def web_page(view: PackView, *, pdf: str) -> bytes:
    """The page as HTML that needs nothing else and leads to nothing but its own folder.

    Evidence is the exception: an address that the data gives, where it names no other partner.
    """
    trend = Markup(view.trend.svg)  # noqa: S704  made by a template that escapes
    return page("workbench.partner_packs", view=view, trend=trend, pdf=pdf).encode()


def figures_file(figures: pl.DataFrame, *, currency: str) -> bytes:
    """CSV in UTF-8: one row per metric, classification and period; amounts to the cent.

    `n` is what was counted or divided by, `ci_low` and `ci_high` the ends of the 95 % interval of a
    rate, `reason` why there is no value.
    """
    is_amount = pl.col("unit") == "currency"
    is_count = pl.col("unit") == "count"
    value = (
        pl.when(is_amount)
        .then(pl.col("value").round(2).cast(pl.Decimal(18, 2)).cast(pl.String))
        .when(is_count)
        .then(pl.col("value").cast(pl.Int64).cast(pl.String))
        .otherwise(pl.col("value").round(6).cast(pl.String))
    )
    return (
        figures.select(COLUMNS)
        .drop("partner_id", "numerator", "denominator")
        .with_columns(
            value.alias("value"),
            pl.when(is_amount).then(pl.lit(currency)).otherwise("unit").alias("unit"),
            pl.col("ci_low", "ci_high").round(6),
        )
        .write_csv()
        .encode()
    )


def opportunities_file(opportunities: pl.DataFrame, reader: Reader, *, currency: str) -> bytes:
    """CSV in UTF-8: one row per opportunity that the partner may see, with its own credit.

    A sign with which a spreadsheet program would begin a formula has an apostrophe before it.
    """
    texts = [
        pl.Series(
            column,
            [reader.shown(text, what) or None for text in opportunities[column]],
            dtype=pl.String,
        ).str.replace_all(_RUNNABLE, "${1}${2}'${3}")
        for column, what in _TEXTS.items()
    ]
    return (
        opportunities.drop("partner_id")
        .with_columns(texts)
        .with_columns(currency=pl.lit(currency))
        .write_csv()
        .encode()
    )


def _first(table: Grid, most: int) -> Grid:
    """The rows that are printed, and the sentence that says how many more there are."""
    letters = [_LETTERS_IN_PRINT.get(name, _ELSE_LETTERS) for name in table.columns]
    rows = tuple(
        tuple(_short(cell, longest) for cell, longest in zip(row, letters, strict=True))
        for row in table.rows[:most]
    )
    left_out = len(table.rows) - most
    if left_out <= 0:
        return replace(table, rows=rows)
    more = f"{counted(left_out, 'more row')} on the page of this pack, index.html."
    note = f"{table.note} {more}".strip()
    return replace(table, rows=rows, links=table.links[:most], note=note)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
