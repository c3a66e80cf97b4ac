"""CSV and Parquet files in: what is read, and what is refused in one clear sentence."""

import csv
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.landed_files import landed, refusal, rows_of
from workbench.sources.mapping import FileFormat


def file_of(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (b"a,b\n1,2", [{"a": "1", "b": "2"}]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", [{"a": "1", "b": "2"}]),
        (b'\xef\xbb\xbf"a","b"\n1,2\n', [{"a": "1", "b": "2"}]),
        (b"a,b\n1,\n", [{"a": "1", "b": None}]),
        (b"a,b\n1,2\n\n\r\n", [{"a": "1", "b": "2"}]),
        (b"a\n1\n\n", [{"a": "1"}]),
        (b'a,b\n"x, y","say ""hi"""\n', [{"a": "x, y", "b": 'say "hi"'}]),
        (b'a,b\n"x\ny",2\n', [{"a": "x\ny", "b": "2"}]),
        (b'a,b\n5" pipe,6" pipe\n', [{"a": '5" pipe', "b": '6" pipe'}]),
        (b"a,b\r1,2\r", [{"a": "1", "b": "2"}]),
        (b" a,b \n 1 ,2\n", [{" a": " 1 ", "b ": "2"}]),
        (b"a,b\n", []),
        (b"a,b", []),
    ],
)
def test_read_file__csv_as_it_stands(tmp_path, content, rows):
    assert rows_of(file_of(tmp_path, content)) == rows


def test_read_file__header_only_keeps_its_columns(tmp_path):
    rows, _ = landed(file_of(tmp_path, b"a;b\n"), delimiter=";")
    assert rows.schema == {"a": pl.String, "b": pl.String}


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "]"])
def test_read_file__csv_with_another_delimiter(tmp_path, delimiter):
    content = f'a{delimiter}b\n"x{delimiter}y"{delimiter}1,5\n'.encode()
    assert rows_of(file_of(tmp_path, content), delimiter=delimiter) == [
        {"a": f"x{delimiter}y", "b": "1,5"}
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"a,b,a\n", "the header names a column twice: 'a'"),
        (b"a,b\n1\n", "1 broken line where the header expects 2 fields each (line 2: 1 field)"),
        (b"a,b\n1,2,3\n4,5\n", "(line 2: 3 fields)"),
        (b"a,b\n1,2\n\n3,4\n", "(line 3: 0 fields)"),
        (b'a,b,c\n"1,2",3\n', "(line 2: 2 fields)"),
        (b'a,b\n"x\ny",2\n3\n', "(line 4: 1 field)"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "1 broken line"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "(line 3: a quote that is never closed)"),
        (b"a,b\n" + b"1\n" * 7, "7 broken lines where the header expects 2 fields each (line 2"),
        (b"a,b\n1,2\n3,\xff\n", "is not text in UTF-8, first in line 3"),
        ("a,b\n1,2\n".encode("utf-16-le"), "say 'encoding: utf-16-le'"),
        (
            b"a;b;c\n1;2;3\n",
            "one column in which ';' stands: 'a;b;c'.\nHint: say 'delimiter: \";\"'",
        ),
        (b"a\tb\n1\t2\n", "in which a tab stands: 'a\tb'.\nHint: say 'delimiter: \"\\t\"'"),
    ],
)
def test_read_file__broken_csv_is_one_sentence(tmp_path, content, sentence):
    assert sentence in refusal(file_of(tmp_path, content))


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab,;"\n\r 1'), max_size=5), min_size=3, max_size=3),
        max_size=6,
    )
)
def test_read_file__csv_gives_back_what_was_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["x", "y", "z"], *rows])
    read = landed(path)[0].rows()
    assert read == [tuple(value or None for value in row) for row in rows]


def test_read_file__parquet_keeps_its_types(tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert landed(tmp_path / "t.parquet")[0].equals(frame)


def test_read_file__unreadable_parquet(tmp_path):
    (tmp_path / "t.parquet").write_text("not parquet")
    assert "t.parquet: cannot be read as Parquet" in refusal(tmp_path / "t.parquet")


def test_file_header__missing_file_names_what_is_there(tmp_path):
    (tmp_path / "deals.csv").write_text("a\n")
    said = refusal(tmp_path / "deal.csv")
    assert "there is no such file.\nHint: the folder has deals.csv" in said
    other = refusal(tmp_path / "deals.xlsx")  # an export may come in another format
    assert "there is no such file.\nHint: the folder has deals.csv" in other


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("dtype", "count"),
    [
        (pl.Datetime("us"), pl.Series([2**63 - 1])),
        (pl.Datetime("ms", "Asia/Tokyo"), pl.Series([2**63 - 1])),
        (pl.Date(), pl.Series([2**31 - 1], dtype=pl.Int32)),
    ],
)
def test_read_file__parquet_instants_that_no_calendar_has(tmp_path, dtype, count, sign):
    """polars ends with a panic where it has to say one of them."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"at": (count * sign).cast(dtype)}).write_parquet(path)
    assert "'at' holds an instant or day outside the years 1 to 9999" in refusal(path)


def test_read_file__parquet_instants_with_an_offset_are_given_in_utc(tmp_path):
    """As pandas writes them. polars cannot, so the zone is put into the file in another's place."""
    instant = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"at": [instant], "named": [instant]})
    frame.with_columns(
        pl.col("at").dt.convert_time_zone("Israel"),
        pl.col("named").dt.convert_time_zone("Asia/Kolkata"),
    ).write_parquet(path)
    schema = max(re.findall(rb"[A-Za-z0-9+/]{80,}=*", path.read_bytes()), key=len)
    offset = b64encode(b64decode(schema).replace(b"Israel", b"+05:30"))
    path.write_bytes(path.read_bytes().replace(schema, offset))

    found, _ = landed(path)

    assert found.schema["at"] == pl.Datetime("us", "UTC")
    assert found.schema["named"] == pl.Datetime("us", "Asia/Kolkata")
    assert found.to_dicts() == [{"at": instant, "named": instant}]


def test_land__tsv_has_tabs_unless_the_mapping_says_otherwise(tmp_path):
    assert rows_of(file_of(tmp_path, b"a\tb,c\n1\t2\n", "t.tsv")) == [{"a": "1", "b,c": "2"}]
    said = rows_of(file_of(tmp_path, b"a,b\n1,2\n", "t.tsv"), delimiter=",")
    assert said == [{"a": "1", "b": "2"}]


def test_land__the_name_of_a_file_is_no_pattern(tmp_path):
    file_of(tmp_path, b"a\nother\n", "t1.csv")
    assert rows_of(file_of(tmp_path, b"a\nown\n", "t[1].csv")) == [{"a": "own"}]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-16", {}),
        ("utf-16-le", {"encoding": "utf-16-le"}),
        ("cp1252", {"encoding": "cp1252"}),
        ("latin-1", {"encoding": "latin-1"}),
        ("mac-roman", {"encoding": "mac-roman"}),
        ("utf-8-sig", {"encoding": "utf-8"}),
    ],
)
def test_land__csv_in_another_encoding(tmp_path, encoding, declared):
    text = 'Größe,b\r\nMüller,"x\r\ny"\r\nA,é\r\n'
    rows = [{"Größe": "Müller", "b": "x\r\ny"}, {"Größe": "A", "b": "é"}]
    assert rows_of(file_of(tmp_path, text.encode(encoding)), **declared) == rows


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
def test_land__a_file_that_is_not_utf8_names_the_line_and_what_would_read_it(tmp_path, encoding):
    content = "a,b\n1,2\n3,„Müller“ ÄÖÜ’s\n".encode(encoding)
    said = refusal(file_of(tmp_path, content))
    assert "t.csv: is not text in UTF-8, first in line 3.\nHint: with 'encoding: " in said
    if encoding == "cp1252":
        assert (
            "'encoding: cp1252' under 'files' of the mapping that line is '3,„Müller“ ÄÖÜ’s'"
            in said
        )


def test_land__a_declared_encoding_that_does_not_fit(tmp_path):
    said = refusal(file_of(tmp_path, "a,b\nÁ,2\n".encode()), encoding="cp1252")
    assert "is not text in cp1252, first in line 2" in said


REPORT = """\
"Pipeline by Partner"
"As of 1/31/2026, 9:00"

"Opportunity ID","Amount"
"006A","100"
"006B","{text}"



"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"Generated By:  A. Person  1/31/2026, 9:00"
"""


@pytest.mark.parametrize("text", ["5", "two\nlines"], ids=["line by line", "record by record"])
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
@pytest.mark.parametrize(("footer", "first"), [("Copyright (c)", 10), ("blank line", 7)])
def test_land__a_report_between_a_banner_and_a_footer(tmp_path, text, breaks, footer, first):
    content = REPORT.format(text=text).replace("\n", breaks).encode()
    rows, notes = landed(file_of(tmp_path, content), skip_lines=3, footer=footer)
    assert rows.rows() == [("006A", "100"), ("006B", text.replace("\n", breaks))]
    more = text.count("\n")
    left_out = f"{13 - first} lines from line {first + more} on left out as a footer."
    assert notes == ("t.csv: 3 lines before the header left out.", f"t.csv: {left_out}")


def test_land__a_footer_that_is_not_there_is_noted(tmp_path):
    _, notes = landed(file_of(tmp_path, b"a,b\n1,2\n"), footer="Copyright")
    assert notes == (
        "t.csv: no line begins with 'Copyright', so no footer was left out: is it complete?",
    )


def test_land__an_undeclared_banner_or_footer_is_refused(tmp_path):
    said = refusal(file_of(tmp_path, b'a,b\n1,2\n\n"Copyright (c)"\n'))
    assert "2 broken lines" in said
    assert "see 'skip_lines' and 'footer'" in said
    assert "line 9 is blank, or not there" in refusal(tmp_path / "t.csv", skip_lines=8)


def test_land__a_broken_line_counts_the_lines_before_the_header(tmp_path):
    assert "line 4: 3 fields" in refusal(file_of(tmp_path, b"x\na,b\n1,2\n1,2,3\n"), skip_lines=1)


def test_header__a_key_that_says_nothing_about_such_a_file(tmp_path):
    path = file_of(tmp_path, b"a,b\n1,2\n")
    said = refusal(path, records="x", sheet="y")
    assert "'records', 'sheet' of 'files' says nothing about a file in '.csv'" in said


MEASURE = """
import resource, sys
from pathlib import Path
from workbench.sources.files import FileExtract
from workbench.sources.mapping import FileFormat
FileExtract(Path(sys.argv[1]), FileFormat(**eval(sys.argv[3]))).land(Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_megabytes(path: Path, folder: Path, **form: Any) -> int:
    """Of a process of its own that lands the file."""
    command = [sys.executable, "-c", MEASURE, str(path), str(folder), repr(form)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("last", ["", '"x\ny",2,3\n'], ids=["line by line", "record by record"])
def test_land__memory_does_not_grow_with_the_file(tmp_path, last):
    line = f"{'a' * 40},{'b' * 40},{'c' * 40}\n"
    small = file_of(tmp_path, b"a,b,c\n" + line.encode(), "small.csv")
    large = file_of(tmp_path, (f"a,b,c\n{line * 1_000_000}{last}").encode(), "large.csv")
    assert large.stat().st_size > 120_000_000
    grown = peak_megabytes(large, tmp_path) - peak_megabytes(small, tmp_path)
    assert grown < 200


def test_guide__names_every_key_that_says_something_about_a_file():
    guide = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text("utf-8")
    section = guide.partition("## Files")[2].partition("\n## ")[0]
    assert [key for key in FileFormat.model_fields if f"`{key}" not in section] == []
