"""CSV and Parquet files in: what is read, and what is refused in one clear sentence."""

import csv
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.sources.files import FileExtract
from workbench.sources.mapping import FileFormat


def read_file(path: Path, *, delimiter: str) -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        landed = FileExtract(path, FileFormat(delimiter=delimiter)).land(Path(folder))
        return pl.read_parquet(landed.path)


def file_header(path: Path, *, delimiter: str) -> list[str]:
    return FileExtract(path, FileFormat(delimiter=delimiter)).header()


def rows_of(folder: Path, content: bytes, delimiter: str = ",") -> list[dict[str, str | None]]:
    path = folder / "t.csv"
    path.write_bytes(content)
    return read_file(path, delimiter=delimiter).to_dicts()


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
    assert rows_of(tmp_path, content) == rows


def test_read_file__header_only_keeps_its_columns(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n")
    assert read_file(tmp_path / "t.csv", delimiter=";").schema == {"a": pl.String, "b": pl.String}


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "]"])
def test_read_file__csv_with_another_delimiter(tmp_path, delimiter):
    content = f'a{delimiter}b\n"x{delimiter}y"{delimiter}1,5\n'.encode()
    assert rows_of(tmp_path, content, delimiter) == [{"a": f"x{delimiter}y", "b": "1,5"}]


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
        ("a,b\n1,2\n".encode("utf-16"), "is not text in UTF-8, first in line 1"),
    ],
)
def test_read_file__broken_csv_is_one_sentence(tmp_path, content, sentence):
    with pytest.raises(SourceError, match=re.escape(sentence)) as raised:
        rows_of(tmp_path, content)
    assert "t.csv" in str(raised.value)


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
    read = read_file(path, delimiter=",").rows()
    assert read == [tuple(value or None for value in row) for row in rows]


def test_read_file__parquet_keeps_its_types(tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert read_file(tmp_path / "t.parquet", delimiter=",").equals(frame)
    assert file_header(tmp_path / "t.parquet", delimiter=",") == ["a", "b"]


def test_read_file__unreadable_parquet(tmp_path):
    (tmp_path / "t.parquet").write_text("not parquet")
    with pytest.raises(SourceError, match=r"t\.parquet: cannot be read as Parquet"):
        read_file(tmp_path / "t.parquet", delimiter=",")


def test_file_header__missing_file_names_what_is_there(tmp_path):
    (tmp_path / "deals.csv").write_text("a\n")
    with pytest.raises(SourceError, match=r"there is no such file\.\nHint: the folder has deals"):
        file_header(tmp_path / "deal.csv", delimiter=",")


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

    found = read_file(path, delimiter=",")

    assert found.schema["at"] == pl.Datetime("us", "UTC")
    assert found.schema["named"] == pl.Datetime("us", "Asia/Kolkata")
    assert found.to_dicts() == [{"at": instant, "named": instant}]
