"""What people decided about suggested aliases: the list of a run, filled in with yes and no."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.extracts import Landed
from workbench.sources.files import FileExtract
from workbench.sources.mapping import Column, FileFormat, Part

LIST_COLUMNS: Final = (
    "alias", "partner_id", "partner_name", "score", "touches", "opportunities", "rank", "accept",
)  # fmt: skip
_DECIDING: Final = ("alias", "partner_id", "accept")
_YES: Final = ("yes", "Yes", "YES", "y", "Y", "x", "X")
_NO: Final = ("no", "No", "NO", "n", "N")
# A spreadsheet program takes a cell that begins so for a formula.
_FORMULA: Final = r"^'*[=+\-@\t\r]"
_GUARDED: Final = r"^'+[=+\-@\t\r]"


@dataclass(frozen=True)
class AliasDecisions:
    """A list of suggested aliases as a person saved it: CSV with any delimiter, or a workbook."""

    path: Path

    def header(self) -> list[str]:
        """The columns that decide. Raises SourceError when it cannot be read or is no such list."""
        header = self._file().header()
        if missing := [name for name in _DECIDING if name not in header]:
            names = ", ".join(f"'{name}'" for name in missing)
            hint = "take worklists/partner_aliases.csv of a run and fill in its column 'accept'."
            raise SourceError([Problem(str(self.path), f"there is no column {names}.", hint)])
        return list(_DECIDING)

    def land(self, into: Path) -> Landed:
        """Every line: the alias and the partner as `guarded` was given them, and the decision."""
        self.header()
        landed = self._file().land(into)
        lines = pl.read_parquet(landed.path, columns=list(_DECIDING))
        _as_written(lines).write_parquet(landed.path)
        return landed

    def answered(self) -> pl.DataFrame:
        """The lines that say something in `accept`: `LIST_COLUMNS`, all text, as they stand."""
        self.header()
        with TemporaryDirectory() as folder:
            lines = pl.read_parquet(self._file().land(Path(folder)).path)
        absent = [pl.lit(None).alias(name) for name in LIST_COLUMNS if name not in lines.columns]
        return _as_written(
            lines.with_columns(absent)
            .select(pl.col(LIST_COLUMNS).cast(pl.String))
            .filter(pl.col("accept").str.strip_chars() != "")
        )

    def _file(self) -> FileExtract:
        return FileExtract(self.path, FileFormat(delimiter=self._delimiter()))

    def _delimiter(self) -> str:
        """The sign after the first column's name: spreadsheet programs save in their own way."""
        if not self.path.is_file() or self.path.suffix.lower() != ".csv":
            return ","
        first = self.path.read_bytes().split(b"\n")[0].decode("utf-8-sig", errors="replace")
        return max(",;\t", key=first.count)


def accepted_aliases(file: str) -> Part:
    """The part of `partner_aliases` that the accepted lines of a list are.

    A line with an empty `accept`, or with no, is none; one that says anything else is rejected.
    """
    return Part.model_validate(
        {
            "file": file,
            "where": {"accept": {"not": [None, *_NO]}},
            "exclude": [
                {"where": {"accept": {"not": list(_YES)}}, "reason": "accept: neither yes nor no"}
            ],
            "columns": {
                "alias": Column(source="alias"),
                "partner_id": Column(source="partner_id"),
            },
        }
    )


def _as_written(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with each text as `guarded` was given it."""
    return lines.with_columns(unguarded(pl.col(pl.String)))


def guarded(text: pl.Expr) -> pl.Expr:
    """A text that no spreadsheet program takes for a formula; `unguarded` gives it back."""
    return (
        pl.when(text.str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)
    )


def unguarded(text: pl.Expr) -> pl.Expr:
    """The text that `guarded` was given."""
    return pl.when(text.str.contains(_GUARDED)).then(text.str.slice(1)).otherwise(text)
