"""One workbook with the tables that people read, in which nothing from the data can run."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from workbench.contracts import (
    Contract,
    CrmWriteBack,
    DefinitionComparison,
    Maturity,
    Metrics,
    OpportunityAttribution,
    PartnerCredit,
    PartnerEffort,
    Partners,
    PayoutLedger,
    QualityFindings,
    Rejects,
    Restatement,
    RulingsApplied,
    TierRecommendations,
    TouchAudit,
)
from workbench.errors import Problem, PublishError
from workbench.publishing.run import Published, RunToPublish, grain
from workbench.worklists.workbook import plain_text

SHEETS: Final[tuple[type[Contract], ...]] = (
    Metrics,
    OpportunityAttribution,
    PartnerCredit,
    TouchAudit,
    DefinitionComparison,
    Restatement,
    RulingsApplied,
    TierRecommendations,
    PayoutLedger,
    PartnerEffort,
    CrmWriteBack,
    Partners,
    QualityFindings,
    Maturity,
    Rejects,
)
MOST_ROWS: Final = 1_048_575  # under the header
MOST_EXACT: Final = Decimal(10) ** 13  # Excel keeps 15 digits, two of them cents
_WIDEST: Final = 48  # letters
_MONEY, _COUNT, _DAYS = "#,##0.00", "#,##0", "#,##0.0"
_PERCENT, _EXACT_PERCENT = "0.0%", "0.00%"
_DAY, _INSTANT, _TEXT, _ANY = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "@", "General"
_OF_UNIT: Final = {"currency": _MONEY, "ratio": _PERCENT, "days": _DAYS, "count": _COUNT}
_IN_THE_UNIT: Final = {"value", "ci_low", "ci_high"}


def publish_to_excel(run: RunToPublish, path: Path) -> Published:
    """A sheet for each table that people read, under its name, and first one that says what it is.

    Header frozen and filtered; texts are texts, amounts have cents, rates are percent, instants
    UTC. Raises PublishError for a table that has more rows than a sheet takes, and for an amount
    that Excel would round.
    """
    contracts = [contract for contract in SHEETS if contract in run.contracts]
    tables = {contract: run.run.read(contract) for contract in contracts}
    problems = [problem for c, table in tables.items() for problem in _misfits(c, table)]
    if problems:
        raise PublishError(problems)
    part = path.with_name(f".{path.name}.part")
    try:
        with Workbook(part, {"default_date_format": _DAY}) as book:
            created = run.run.params.read_at.replace(tzinfo=None)  # Excel's clock has no zone
            book.set_properties({"title": f"Run {run.run.run_id}", "created": created})
            looks = _Looks(book)
            _write_about(book.add_worksheet("about"), run, tables, looks)
            for contract, table in tables.items():
                _write(book.add_worksheet(contract.table_name()), table, looks)
        part.replace(path)
    except OSError as error:
        hint = "close it where it is open in Excel."
        what = f"{error.strerror or 'it cannot be written'}."
        raise PublishError([Problem(str(path), what, hint)]) from None
    finally:
        part.unlink(missing_ok=True)
    rows = {contract.table_name(): table.height for contract, table in tables.items()}
    return Published(str(path), rows)


def _misfits(contract: type[Contract], table: pl.DataFrame) -> list[Problem]:
    name, hint = contract.table_name(), "publish to a database or a folder."
    problems = []
    if table.height > MOST_ROWS:
        what = f"{table.height:,} rows; a sheet of Excel takes {MOST_ROWS:,}."
        problems.append(Problem(name, what, hint))
    for column in table.select(pl.selectors.decimal()):
        largest = column.abs().max()
        if isinstance(largest, Decimal) and largest >= MOST_EXACT:
            what = f"{column.name} has {largest:,}; Excel would round it."
            problems.append(Problem(name, what, hint))
    return problems


class _Looks:
    """The formats of a workbook; each is made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}
        self.label = book.add_format({"bold": True, "valign": "top"})
        self.header = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self.wrapped = book.add_format({"quote_prefix": True, "valign": "top", "text_wrap": True})

    def of(self, shown: str) -> Format:
        if shown not in self._made:
            look = {"num_format": shown, "valign": "top", "quote_prefix": shown == _TEXT}
            self._made[shown] = self._book.add_format(look)
        return self._made[shown]


def _write_about(
    page: Worksheet, run: RunToPublish, tables: dict[type[Contract], Any], looks: _Looks
) -> None:
    params, definition = run.run.params, run.run.definition
    lines = [
        ("run", run.run.run_id),
        ("period", f"{params.period}, {params.fiscal_period.start} to {params.fiscal_period.end}"),
        ("as of", f"{params.as_of}, days in {params.timezone}"),
        ("sources read", f"{params.read_at:%Y-%m-%d %H:%M} UTC"),
        ("amounts", f"{params.reporting_currency}, unless a column names another currency"),
        ("definition", f"{definition.title} ({definition.id}, version {definition.version})"),
        ("status", definition.status_in_words),
        *((c.table_name(), f"{grain(c)} {table.height:,} rows.") for c, table in tables.items()),
    ]
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 100)
    names = {contract.table_name() for contract in tables}
    for row, (what, said) in enumerate(lines):
        if what in names:
            page.write_url(row, 0, f"internal:'{what}'!A1", string=what)
        else:
            page.write_string(row, 0, what, looks.label)
        page.write_string(row, 1, plain_text(said), looks.wrapped)


def _write(page: Worksheet, table: pl.DataFrame, looks: _Looks) -> None:
    units = table["unit"] if {"unit", *_IN_THE_UNIT} <= {*table.columns} else None
    for place, column in enumerate(table.iter_columns()):
        values = column.list.join(", ") if isinstance(column.dtype, pl.List) else column
        page.write_string(0, place, column.name, looks.header)
        page.set_column(place, place, _width(values))
        look = looks.of(_format(column.name, values.dtype))
        for row, value in enumerate(values, start=1):
            if units is not None and column.name in _IN_THE_UNIT:
                look = looks.of(_OF_UNIT[units[row - 1]])
            if value is not None:
                _write_cell(page, row, place, value, look)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, table.height, max(table.width - 1, 0))
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _write_cell(page: Worksheet, row: int, place: int, value: Any, look: Format) -> None:
    if isinstance(value, str):  # never what `write` would make of it: a formula, a link, a number
        page.write_string(row, place, plain_text(value), look)
    elif isinstance(value, bool):
        page.write_boolean(row, place, value, look)
    elif isinstance(value, int | float | Decimal):
        page.write_number(row, place, value, look)
    elif isinstance(value, datetime):
        page.write_datetime(row, place, value.replace(tzinfo=None), look)
    else:
        page.write_datetime(row, place, value, look)


def _format(column: str, dtype: pl.DataType) -> str:
    if dtype == pl.String:
        return _TEXT
    if dtype == pl.Date:
        return _DAY
    if dtype.is_temporal():
        return _INSTANT
    if re.search(r"_?(rate|share|score|chance|probability)(_for_|_to_|$)", column):
        return _EXACT_PERCENT if dtype.is_decimal() else _PERCENT
    if dtype.is_decimal():
        return _MONEY
    return _COUNT if dtype.is_integer() else _ANY


def _width(values: pl.Series) -> int:
    longest = 19 if isinstance(values.dtype, pl.Datetime) else 10
    if values.dtype == pl.String:
        letters: Any = values.str.len_chars().max()
        longest = max(longest, letters or 0)
    return min(max(longest, len(values.name) + 3), _WIDEST) + 1
