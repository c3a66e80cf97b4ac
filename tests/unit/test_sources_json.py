"""Records of JSON and JSON Lines as rows: exact, flattened, unfolded, or refused in a sentence."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.landed_files import landed, refusal, rows_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "aws_ace"
NESTED = """\
{"Version": 1, "Data": {"Opportunities": [
  {"Id": "O1", "Project": {"Title": "Größe", "Spend": [
     {"Amount": "10.10", "Currency": "USD"}, {"Amount": 1250.50, "Target": "Self"}]}, "Won": true},
  {"Id": 2, "Project": {"Title": null, "Spend": []}, "Tags": ["a", 1.50, null]}
]}}
"""


def file_of(folder: Path, text: str, name: str = "t.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_land__objects_are_flattened_and_numbers_stay_as_written(tmp_path):
    assert rows_of(file_of(tmp_path, NESTED), records="Data.Opportunities") == [
        {
            "Id": "O1",
            "Project.Title": "Größe",
            "Project.Spend": '[{"Amount": "10.10", "Currency": "USD"}, '
            '{"Amount": 1250.50, "Target": "Self"}]',
            "Won": "true",
            "Tags": None,
        },
        {
            "Id": "2",
            "Project.Title": None,
            "Project.Spend": None,
            "Won": None,
            "Tags": '["a", 1.50, null]',
        },
    ]


def test_land__a_list_is_unfolded_into_a_row_an_element(tmp_path):
    rows, _ = landed(
        file_of(tmp_path, NESTED), records="Data.Opportunities", explode="Project.Spend"
    )
    amounts = [f"Project.Spend.{name}" for name in ("Amount", "Currency", "Target")]
    assert rows.select("Id", "Project.Title", *amounts).rows() == [
        ("O1", "Größe", "10.10", "USD", None),
        ("O1", "Größe", "1250.50", None, "Self"),
        ("2", None, None, None, None),
    ]


def test_land__a_list_of_single_values_is_unfolded_too(tmp_path):
    path = file_of(tmp_path, '[{"a": 1, "b": ["x", "y"]}, {"a": 2, "b": "z"}, {"a": 3}]')
    assert landed(path, explode="b")[0].rows() == [
        ("1", "x"),
        ("1", "y"),
        ("2", "z"),
        ("3", None),
    ]


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.JSONL"])
def test_land__json_lines(tmp_path, name):
    text = '{"a": 0.1, "b": {"c": "x"}}\r\n\n{"a": 12345678901234567890.10, "d": false}'
    assert rows_of(file_of(tmp_path, text, name)) == [
        {"a": "0.1", "b.c": "x", "d": None},
        {"a": "12345678901234567890.10", "b.c": None, "d": "false"},
    ]


def test_land__json_in_another_encoding(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "t.json").write_bytes('[{"a": "ü"}]'.encode(encoding))
        assert rows_of(tmp_path / "t.json") == [{"a": "ü"}]
    (tmp_path / "t.json").write_bytes('[{"a": "ü"}]'.encode("cp1252"))
    assert rows_of(tmp_path / "t.json", encoding="cp1252") == [{"a": "ü"}]
    assert "'encoding: cp1252'" in refusal(tmp_path / "t.json")


@pytest.mark.parametrize(
    ("text", "form", "sentence"),
    [
        ("", {}, "is not JSON: line 1, column 1: Expecting value"),
        ('[{"a": 1},]', {}, "is not JSON: line 1, column 1"),
        (
            '{"a": 1}\n{"a": 2}',
            {},
            "Extra data.\nHint: a file of one record a line is named .jsonl",
        ),
        ("[" * 100_000, {}, "cannot be read: maximum recursion depth"),
        ('{"x": {"rows": [{"a": 1}]}}', {}, "'records: x.rows'"),
        (
            '{"rows": [{"a": 1}]}',
            {"records": "Rows"},
            "there is no list 'Rows'.\nHint: the file has",
        ),
        ('[{"a": 1}]', {"records": "rows"}, "there is no list 'rows'."),
        ('{"rows": []}', {"records": "rows"}, "holds no records"),
        ("[]", {}, "holds no records"),
        ("[{}]", {}, "holds no records"),
        ('[{"a": 1}, 2, [3]]', {}, "2 broken records (record 2: not an object; record 3: not"),
        ('[{"a": 1, "a": 2}]', {}, "cannot be read: 'a' stands there twice"),
        ('[{"a.b": 1, "a": {"b": 2}}]', {}, "record 1: 'a.b' stands there twice"),
        ('[{"a": "\\ud83d"}]', {}, "half a character is escaped"),
        ('[{"a": 1}]', {"explode": "b"}, "no record has a list 'b'.\nHint: the records have a."),
    ],
)
def test_land__what_is_wrong_with_a_document(tmp_path, text, form, sentence):
    assert sentence in refusal(file_of(tmp_path, text), **form)


def test_land__every_broken_line_of_json_lines_is_counted(tmp_path):
    text = '{"a": 1}\n{"a"\n[1]\n{"a": 1, "a": 1}\n' + "x\n" * 4
    said = refusal(file_of(tmp_path, text, "t.jsonl"))
    assert "7 broken records (line 2: column 5: Expecting ':' delimiter; line 3: not an" in said
    assert said.count("line ") == 5


def test_land__a_deep_record_is_one_broken_record(tmp_path):
    deep = '{"a": ' * 900 + "1" + "}" * 900
    assert "1 broken record" in refusal(file_of(tmp_path, f'{{"a": 1}}\n{deep}\n', "t.jsonl"))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"AWS samples are not at {DATA}: unchecked")
@pytest.mark.parametrize("name", ["Outbound", "Create-Inbound"])
def test_land__opportunities_of_aws(name):
    path = DATA / f"Opportunity-{name}-Sample.json"
    (row,) = rows_of(path, records="opportunities")
    own = json.loads(path.read_bytes())["opportunities"][0]
    assert list(row) == list(own)
    assert Decimal(row["expectedMonthlyAwsRevenue"]) == own["expectedMonthlyAwsRevenue"]
    assert json.loads(row["awsProducts"]) == own["awsProducts"]
    texts = {key: value for key, value in own.items() if isinstance(value, str)}
    assert {key: row[key] for key in texts} == texts
    assert "'records: opportunities'" in refusal(path)


def test_refused__one_object_without_a_list(tmp_path):
    said = refusal(file_of(tmp_path, '{"a": 1}'))
    assert "not a list of records.\nHint: a file of one record a line is named .jsonl." in said
