"""Sources as nobody should send them: rows with hostile values, and files that are broken.

Everything is drawn from a numpy Generator, so that a seed tells a case.
"""

import csv
import io
import json
import math
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import xlsxwriter

Record = list[str]

QUOTE: Final = '"'
LONG: Final = "long " * 20_000  # 100 kB
CELLS: Final = (
    *("", " ", "\t", "\u00a0", "null", "NULL", "None", "N/A", "#N/A", "nan", "NaN", "inf", "-inf"),
    *("Infinity", "1e400", "-1e400", "1e-400", "1e99", "9" * 40, "-0", "+1", "1.", ".5", "0x1F"),
    *("99999999999999999999.99", "9999999999999999.99", "12345678901234567.891", "1.005", "1e3"),
    *("1,250.50", "1.250,50", "1 250", "€900", "(12.00)", "12%", "−5", "١٢٣", "1_000", "--1", "1e"),
    *("0000-00-00", "2026-02-31", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01"),
    *("9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00", "2026-03-29 02:30", "31.10.2026"),
    *("2026-01-01T25:61:61", "2026-01-01T00:00:60Z", "2026-01-01T10:00:00.1234567890Z", "20260101"),
    *("2026-13-01", "1e10", "44927", "-99999999999999", "1970-01-01T00:00:00+24:00", "2026-1-1"),
    *(
        "true",
        "FALSE",
        "Yes",
        "2",
        "ja",
        "on",
        "t",
        "won",
        "WON",
        " won ",
        "reseller",
        "eur",
        "EUR ",
    ),
    *('"', '""', "'", ",", ";", "|", "a,b", 'a"b', "line\nbreak", "line\r\nbreak", "bare\rreturn"),
    *("=1+1", "+SUM(A1)", "@cmd", "-2+3", "{}", "[]", "[1, 2]", '{"a": 1}', "\\", "\\N", "\\u0000"),
    *(
        "nul\0byte",
        "\x01\x02",
        "\x1a",
        "\ufeff",
        "\u200b",
        "\u2028",
        "\u0085",
        "e\u0301",
        "𝔘𝔫𝔦",
        "👩‍👩‍👧‍👦",
    ),
    *("\u202eright to left", "ﷺ" * 50, "\U0010ffff", "00Q5e000001AbCd", "00Q5e000001AbCdEAK", LONG),
)


@dataclass(frozen=True)
class Table:
    """A table as text: its name, its header and its rows. A missing value is an empty text."""

    name: str
    header: Record
    rows: list[Record]

    def csv(self, *, delimiter: str = ",") -> str:
        """The table as a CSV file. Python's own writer leaves a bare carriage return unquoted."""
        return "".join(
            delimiter.join(
                f'"{value.replace(QUOTE, QUOTE * 2)}"'
                if set(value) & {*'"\r\n', delimiter}
                else value
                for value in row
            )
            + "\n"
            for row in [self.header, *self.rows]
        )

    def records(self) -> list[dict[str, Any]]:
        """The rows as objects; a missing value is null."""
        return [
            {name: value or None for name, value in zip(self.header, row, strict=False)}
            for row in self.rows
        ]


def read_tables(folder: Path) -> list[Table]:
    """Every CSV file of a folder, none of its rows missing."""
    tables = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        tables.append(Table(path.stem, header, rows))
    return tables


def some_rows(rng: np.random.Generator, table: Table, count: int) -> Table:
    """Rows of a table, drawn without order; all of them where there are not so many."""
    drawn = rng.permutation(len(table.rows))[:count]
    return Table(table.name, table.header, [table.rows[at] for at in drawn])


def with_mutated_rows(rng: np.random.Generator, table: Table) -> Table:
    """The table with each row mutated in one to three ways."""
    rows = [list(row) for row in table.rows]
    for row in rows:
        for _ in range(rng.integers(1, 4)):
            at, other = rng.integers(len(row), size=2)
            match rng.integers(8):
                case 0:
                    row[at] = ""
                case 1:
                    row[at], row[other] = row[other], row[at]
                case 2:
                    row[at] = f" {row[at]} "
                case 3:
                    row[at] = str(rng.choice(rows[rng.integers(len(rows))]))
                case 4:
                    row[:] = rows[rng.integers(len(rows))]
                case _:
                    # The long one seldom, or the file would hold little else.
                    row[at] = CELLS[rng.integers(len(CELLS) - (rng.random() < 0.95))]
    return Table(table.name, table.header, rows)


def json_lines(rng: np.random.Generator, table: Table) -> str:
    """The table as JSON Lines, its values also as numbers, truth, lists and objects."""
    lines = []
    for record in table.records():
        for name, value in record.items():
            odd = (True, 0, -1.5, 10**30, float("nan"), float("inf"), [], [value], {"a": value}, {})
            if rng.random() < 0.02:
                record[name] = odd[rng.integers(len(odd))]
        if rng.random() < 0.05:
            record.pop(table.header[rng.integers(len(table.header))], None)
        lines.append(json.dumps(record, ensure_ascii=bool(rng.random() < 0.5)))
    return "\n".join(lines) + "\n"


# Files. A mutation of a table comes before it is written, one of bytes comes after.

TableMutation = Callable[[np.random.Generator, Table], Table]
ByteMutation = Callable[[np.random.Generator, bytes], bytes]


def swapped_columns(rng: np.random.Generator, table: Table) -> Table:
    header = list(table.header)
    one, other = rng.choice(len(header), size=2, replace=False)
    header[one], header[other] = header[other], header[one]
    return Table(table.name, header, table.rows)


def dropped_column(rng: np.random.Generator, table: Table) -> Table:
    at = rng.integers(len(table.header))
    kept = [
        [v for place, v in enumerate(row) if place != at] for row in (table.header, *table.rows)
    ]
    return Table(table.name, kept[0], kept[1:])


def header_twice(rng: np.random.Generator, table: Table) -> Table:
    header = list(table.header)
    one, other = rng.choice(len(header), size=2, replace=False)
    header[one] = header[other]
    return Table(table.name, header, table.rows)


def odd_header(rng: np.random.Generator, table: Table) -> Table:
    """Columns that nobody asked for, with the names of ours and of nothing."""
    names = [
        "index",
        "row",
        "__key",
        "column",
        "",
        " ",
        "1",
        "a.b",
        "é\n",
        '"',
        "\0",
        "\ufeff",
        LONG,
    ]
    own = [str(name) for name in rng.choice(names, size=rng.integers(1, 4), replace=False)]
    rows = [[*row, *own] for row in table.rows]
    return Table(table.name, [*table.header, *own], rows)


def no_header(rng: np.random.Generator, table: Table) -> Table:
    header, *rows = table.rows or [table.header]
    return Table(table.name, header, rows)


def empty_header(rng: np.random.Generator, table: Table) -> Table:
    return Table(table.name, [""] * len(table.header), table.rows)


def header_again(rng: np.random.Generator, table: Table) -> Table:
    """The header stands between the rows, as where exports were put one behind the other."""
    rows = list(table.rows)
    rows.insert(rng.integers(len(rows) + 1), table.header)
    return Table(table.name, table.header, rows)


def no_rows(rng: np.random.Generator, table: Table) -> Table:
    return Table(table.name, table.header, [])


def only_nulls(rng: np.random.Generator, table: Table) -> Table:
    at = rng.integers(len(table.header))
    rows = [[*row[:at], "", *row[at + 1 :]] for row in table.rows]
    return Table(table.name, table.header, rows)


def all_nulls(rng: np.random.Generator, table: Table) -> Table:
    return Table(table.name, table.header, [[""] * len(table.header) for _ in table.rows])


def blank_row(rng: np.random.Generator, table: Table) -> Table:
    rows = list(table.rows)
    rows.insert(rng.integers(len(rows) + 1), [""] * len(table.header))
    return Table(table.name, table.header, rows)


def ragged(rng: np.random.Generator, table: Table) -> Table:
    rows = [list(row) for row in table.rows] or [[]]
    row = rows[rng.integers(len(rows))]
    row[-1:] = [] if rng.random() < 0.5 else ["more", "than", "there", "should", "be"]
    return Table(table.name, table.header, rows)


def huge_cell(rng: np.random.Generator, table: Table) -> Table:
    rows = [list(row) for row in table.rows] or [list(table.header)]
    rows[rng.integers(len(rows))][rng.integers(len(table.header))] = LONG * 3
    return Table(table.name, table.header, rows)


TABLE_MUTATIONS: Final[tuple[TableMutation, ...]] = (
    with_mutated_rows,
    swapped_columns,
    dropped_column,
    header_twice,
    odd_header,
    no_header,
    empty_header,
    header_again,
    no_rows,
    only_nulls,
    all_nulls,
    blank_row,
    ragged,
    huge_cell,
)


def cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content) + 1)]


def flipped(rng: np.random.Generator, content: bytes) -> bytes:
    changed = bytearray(content)
    for at in rng.integers(len(changed), size=rng.integers(1, 20)) if changed else ():
        changed[at] = rng.integers(256)
    return bytes(changed)


def hole(rng: np.random.Generator, content: bytes) -> bytes:
    """Bytes in the middle are missing."""
    start, end = sorted(rng.integers(len(content) + 1, size=2))
    return content[:start] + content[end:]


def zeroed(rng: np.random.Generator, content: bytes) -> bytes:
    """A block of the disk was lost."""
    start, end = sorted(rng.integers(len(content) + 1, size=2))
    return content[:start] + bytes(end - start) + content[end:]


def empty(rng: np.random.Generator, content: bytes) -> bytes:
    return b""


def only_a_mark(rng: np.random.Generator, content: bytes) -> bytes:
    return (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\n", b"\r", b"\0", b"\xef\xbb\xbf\n")[
        rng.integers(7)
    ]


def rubbish_behind(rng: np.random.Generator, content: bytes) -> bytes:
    return content + rng.bytes(200)


def rubbish(rng: np.random.Generator, content: bytes) -> bytes:
    return rng.bytes(rng.integers(1, 3000))


def of_another_kind(rng: np.random.Generator, content: bytes) -> bytes:
    with io.BytesIO() as held:
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("notes.txt", "a zip, and no workbook")
        zipped = held.getvalue()
    with io.BytesIO() as held:
        pl.DataFrame({"a": [1]}).write_parquet(held)
        parquet = held.getvalue()
    others = (
        *(zipped, parquet, b"PAR1", b"PAR1" + bytes(8) + b"PAR1", b"PK\x03\x04"),
        *(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"<html><table><tr><td>a</td></tr></table></html>"),
        *(b"\xd0\xcf\x11\xe0" + bytes(600), b"\x89PNG\r\n\x1a\n", b"[]", b"{}", b"null", b"1"),
    )
    return others[rng.integers(len(others))]


BYTE_MUTATIONS: Final[tuple[ByteMutation, ...]] = (
    *(cut, cut, flipped, flipped, hole, zeroed, empty, only_a_mark),
    *(rubbish_behind, rubbish, of_another_kind, of_another_kind),
)


def encoded(rng: np.random.Generator, content: bytes) -> bytes:
    names = (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp1252",
        "utf-8-sig",
        "latin-1",
        "cp037",
    )
    text = content.decode(errors="replace") + "Käse,Ω"
    return text.encode(names[rng.integers(len(names))], errors="replace")


def other_line_ends(rng: np.random.Generator, content: bytes) -> bytes:
    return content.replace(b"\n", (b"\r", b"\r\n", b"\n\r", b"\n\n", b"\x0b")[rng.integers(5)])


def mixed_line_ends(rng: np.random.Generator, content: bytes) -> bytes:
    ends = (b"\n", b"\r\n", b"\r", b"\n\n", b"\x0c", "\u2028".encode())
    lines = content.split(b"\n")
    return b"".join(line + ends[rng.integers(len(ends))] for line in lines)


def other_delimiter(rng: np.random.Generator, content: bytes) -> bytes:
    return content.replace(b",", (b";", b"\t", b"|", b" ", b",,", b"\0")[rng.integers(6)])


def open_quote(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content) + 1)
    return content[:at] + b'"' + content[at:]


def one_huge_line(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content) + 1)
    return (
        content[:at]
        + (b"x" * 2_000_000, b"," * 200_000, b'"' * 200_001)[rng.integers(3)]
        + content[at:]
    )


def nul_bytes(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content) + 1)
    return content[:at] + b"\0" * int(rng.integers(1, 5)) + content[at:]


TEXT_MUTATIONS: Final[tuple[ByteMutation, ...]] = (
    *(encoded, encoded, encoded, other_line_ends, mixed_line_ends, other_delimiter),
    *(open_quote, one_huge_line, nul_bytes),
)


def odd_json(rng: np.random.Generator, content: bytes) -> bytes:
    """Values that JSON can say and a table cannot hold, in the place of a value."""
    odd = (
        *(
            b"[" * 100_000,
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            b"[" * 900 + b"]" * 900,
            b"9" * 5_000,
        ),
        *(
            b'"\\ud83d"',
            b'"\\u0000"',
            b"NaN",
            b"-Infinity",
            b"1e999999",
            b"-0",
            b"[[]]",
            b"{}",
            b"[]",
        ),
        *(b'{"":1}', b'{"a":1,"a":2}', b'{"a.b":1,"a":{"b":2}}', b"tru", b"01", b"'x'", b"[1,]"),
    )
    places = [at for at, byte in enumerate(content) if byte == ord(":")]
    at = places[rng.integers(len(places))] + 1
    return content[:at] + odd[rng.integers(len(odd))] + content[content.find(b",", at) :]


def odd_records(rng: np.random.Generator, content: bytes) -> bytes:
    """Records that are no objects."""
    odd = (b"null", b"[]", b"1", b'"text"', b"{}", b"[{}]", b"true", b"")
    line = odd[rng.integers(len(odd))]
    at = content.find(b"\n", rng.integers(len(content)))
    return content[: at + 1] + line + b"\n" + content[at + 1 :]


def odd_part(rng: np.random.Generator, content: bytes) -> bytes:
    """A workbook that is a sound archive of broken parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = [one for one in parts if one.startswith("xl/")][rng.integers(len(parts) - 4)]
    sheet = "xl/worksheets/sheet1.xml"
    match rng.integers(9):
        case 0:
            del parts[name]
        case 1:
            parts[name] = flipped(rng, parts[name])
        case 2:
            parts[name] = cut(rng, parts[name])
        case 3:
            parts[name] = b""
        case 4:
            parts[sheet] = parts[sheet].replace(b'<dimension ref="A1:', b'<dimension ref="XFD9:')
        case 5:
            parts[sheet] = parts[sheet].replace(b"<v>1</v>", b"<v>99999999999</v>")
        case 6:
            parts[sheet] = parts[sheet].replace(b'r="A2"', b'r="XFD1048577"')
        case 7:
            parts[sheet] = parts[sheet].replace(b't="s"', b't="e"')
        case _:
            parts[sheet] = parts[sheet].replace(b't="s"', b't="d"')
    with io.BytesIO() as held:
        with zipfile.ZipFile(held, "w") as archive:
            for one, data in parts.items():
                archive.writestr(one, data)
        return held.getvalue()


def workbook(rng: np.random.Generator, table: Table) -> bytes:
    """An Excel workbook with the table in its only sheet; some of its cells are no text."""
    with io.BytesIO() as held:
        book = xlsxwriter.Workbook(held, {"in_memory": True})
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate([table.header, *table.rows]):
            for column, value in enumerate(row):
                match rng.integers(40) if at else -1:
                    case 0:
                        sheet.write_number(
                            at, column, (1e300, -1.5, 46021, 3.3000000000000003)[at % 4]
                        )
                    case 1:
                        sheet.write_number(at, column, (-5, 46021.5, 2958466, 1e12)[at % 4], day)
                    case 2:
                        sheet.write_boolean(at, column, at % 2)
                    case 3:
                        sheet.write_formula(at, column, "=1/0", value="#DIV/0!")
                    case _:
                        sheet.write_string(at, column, value[:32_767])
        book.close()
        return held.getvalue()


def odd_columns(height: int) -> list[pl.Series]:
    """Columns of the types that Parquet files of other programs have."""
    instant = pl.Series([datetime(2026, 1, 1)])  # noqa: DTZ001
    whole = pl.Series([2**63 - 1])
    values = [
        *(
            pl.Series([Decimal("1." + "3" * 37)], dtype=pl.Decimal(38, 37)),
            pl.Series([Decimal(10**37)]),
        ),
        *(pl.Series([Decimal("12.50")]), pl.Series([Decimal("1.005")], dtype=pl.Decimal(18, 3))),
        *(
            pl.Series(["won"], dtype=pl.Categorical),
            pl.Series(["won"], dtype=pl.Enum(["won", "lost"])),
        ),
        *(pl.Series([time(12)]), pl.Series([timedelta(days=3)]), pl.Series([b"\x00\xff"])),
        *(pl.Series([None], dtype=pl.Null), pl.Series([None], dtype=pl.Int8), pl.Series([True])),
        *(whole, pl.Series([2**64 - 1], dtype=pl.UInt64), pl.Series([2**100], dtype=pl.Int128)),
        *(pl.Series([math.nan]), pl.Series([-math.inf]), pl.Series([1e300]), pl.Series([1e-300])),
        *(pl.Series([0.1], dtype=pl.Float32), pl.Series([["a", "b"]]), pl.Series([{"a": 1}])),
        *(
            pl.Series([[1.5, 2.5]], dtype=pl.Array(pl.Float64, 2)),
            pl.Series([[]], dtype=pl.List(pl.Null)),
        ),
        *(
            whole.cast(pl.Datetime("us")),
            whole.cast(pl.Datetime("ms")),
            whole.cast(pl.Datetime("ns")),
        ),
        instant.dt.replace_time_zone("Asia/Tokyo"),
        *(pl.Series([2**31 - 1]).cast(pl.Int32).cast(pl.Date), pl.Series([date(1, 1, 1)])),
        *(pl.Series([-(2**31)]).cast(pl.Int32).cast(pl.Date), instant.cast(pl.Datetime("ns"))),
        *(
            pl.Series([-(2**63)]).cast(pl.Datetime("us", "UTC")),
            pl.Series([-(2**63)]).cast(pl.Datetime("ms", "UTC")),
        ),
    ]
    return [value.new_from_index(0, height) for value in values]


def parquet(rng: np.random.Generator, table: Table) -> bytes:
    """A Parquet file; one of its columns is of a type that a table may not expect."""
    names = [name for at, name in enumerate(table.header) if name not in table.header[:at]]
    columns = {name: [row.get(name) for row in table.records()] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    odd = odd_columns(frame.height)
    name = names[rng.integers(len(names))]
    frame = frame.with_columns(odd[rng.integers(len(odd))].alias(name))
    with io.BytesIO() as held:
        frame.write_parquet(held)
        return held.getvalue()


def written(rng: np.random.Generator, table: Table, kind: str) -> bytes:
    """The file of a table in one of `KINDS`."""
    match kind:
        case "csv":
            return table.csv().encode()
        case "tsv":
            return table.csv(delimiter="\t").encode()
        case "jsonl":
            return json_lines(rng, table).encode()
        case "json":
            return json.dumps({"data": {"rows": table.records()}}).encode()
        case "xlsx":
            return workbook(rng, table)
        case _:
            return parquet(rng, table)


OF_KIND: Final[dict[str, tuple[ByteMutation, ...]]] = {
    "csv": TEXT_MUTATIONS,
    "tsv": TEXT_MUTATIONS,
    "jsonl": (*TEXT_MUTATIONS, odd_json, odd_json, odd_json, odd_records, odd_records),
    "json": (*TEXT_MUTATIONS, odd_json, odd_json, odd_json, odd_records),
    "xlsx": (odd_part,) * 8,
    "parquet": (),
}
KINDS: Final = tuple(OF_KIND)


def mutated_file(rng: np.random.Generator, table: Table, kind: str, case: int) -> tuple[str, bytes]:
    """The file of a table, and what was done to it; every third time two things were.

    `case` goes through all mutations of a kind, so that each has its turn.
    """
    usual = (*TABLE_MUTATIONS, *BYTE_MUTATIONS)
    all_of_them = (*OF_KIND[kind], *usual)
    done: list[Callable[..., Any]] = [all_of_them[case % len(all_of_them)]]
    if case % 3 == 2:
        done.append(usual[rng.integers(len(usual))])
    for mutation in done:
        if mutation in TABLE_MUTATIONS:
            table = mutation(rng, table)
    content = written(rng, table, kind)
    for mutation in done:
        if mutation not in TABLE_MUTATIONS:
            content = mutation(rng, content)
    return " and ".join(mutation.__name__ for mutation in done), content


# Mapping files

SCALARS: Final = (
    *(
        None,
        True,
        0,
        -1,
        10**30,
        math.nan,
        1.5,
        "",
        " ",
        "x",
        "*",
        "?",
        "../x",
        "\0",
        "accounts.csv",
    ),
    *(
        date(2026, 1, 1),
        [],
        {},
        [None],
        [[]],
        [1],
        {"": None},
        {"a": {"a": {}}},
        {"is": 1, "not": 2},
    ),
    *({"from": "x"}, {"value": None}, {"not": None}, {"file": "x", "columns": {}}, "empty", LONG),
)


def mutated_document(rng: np.random.Generator, document: Any) -> Any:
    """A copy of what a YAML file holds; one thing in it is gone, is new or is something else."""
    document = deepcopy(document)
    holders = list(_holders(document))
    holder = holders[rng.integers(len(holders))]
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = keys[rng.integers(len(keys))]
    value = deepcopy(SCALARS[rng.integers(len(SCALARS))])
    match rng.integers(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[str(SCALARS[rng.integers(len(SCALARS))])] = holder.pop(key)
        case 2 if isinstance(holder, dict):
            other = holders[rng.integers(len(holders))]
            holder |= deepcopy(other) if isinstance(other, dict) else {"from": deepcopy(other)}
        case 3:
            holder[key] = [holder[key], value]
        case _:
            holder[key] = value
    return document


def _holders(document: Any) -> Iterator[Any]:
    """Every list and object in a document that is not empty."""
    inner = document.values() if isinstance(document, dict) else document
    if isinstance(document, dict | list) and document:
        yield document
        for one in inner:
            yield from _holders(one)
