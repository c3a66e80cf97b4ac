from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from workbench.documents import (
    Document,
    dump_yaml,
    load_yaml,
    parse_document,
    read_document,
    suggestion,
)
from workbench.errors import ParameterError


class Colour(Document):
    name: Literal["red", "green", "blue"]
    strength: int = 1


class Paint(Document):
    title: str
    colours: tuple[Colour, ...] = ()
    base: Colour | None = None
    shares: dict[str, float] | None = None


def written(folder: Path, text: str) -> Path:
    path = folder / "paint.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def said(error: pytest.ExceptionInfo[ParameterError], path: Path) -> str:
    """The message, with the file's own name alone."""
    assert error.value.exit_code == 2
    return str(error.value).replace(str(path), path.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: found duplicate key"),
        ("a: [1, 2", "line 1, column 9: expected"),
        ("a: b: c", "line 1, column 5: mapping values are not allowed here."),
        ("a: !secret x", "line 1, column 4: could not determine a constructor for the tag"),
        ("a: *nothing", "line 1, column 4: found undefined alias"),
        ("a: 1\n---\nb: 2", "line 2, column 1: but found another document."),
        ("a: 2026-02-30", "cannot be read: day is out of range for month."),
        ("a: !!int ten", "cannot be read: invalid literal for int()"),
        ("a: \x07", "cannot be read: unacceptable character"),
        ("", "holds no list of keys.\nHint: write one 'key: value' per line."),
        ("- a\n- b", "holds no list of keys."),
        ("just words", "holds no list of keys."),
        ("1: a", "holds no list of keys."),
    ],
)
def test_load_yaml__names_the_fault_and_its_place(tmp_path, text, expected):
    path = written(tmp_path, text)

    with pytest.raises(ParameterError) as error:
        load_yaml(path)

    assert said(error, path).startswith(f"paint.yaml: {expected}")


def test_load_yaml__missing_file_a_folder_and_bytes_that_are_no_text(tmp_path):
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"a: \xff\xfe")

    with pytest.raises(ParameterError, match=r"nothing\.yaml: there is no such file\."):
        load_yaml(tmp_path / "nothing.yaml")
    with pytest.raises(ParameterError, match=r"cannot be read: .*directory"):
        load_yaml(tmp_path)
    with pytest.raises(ParameterError, match=r"is not text in UTF-8\."):
        load_yaml(binary)


def test_load_yaml__words_of_yaml_1_1_stay_words(tmp_path):
    path = written(tmp_path, "on: yes\noff: no\nn: 12:30:45\nday: 2026-10-31\nmonth: 2026-10\n")

    assert load_yaml(path) == {
        "on": "yes",
        "off": "no",
        "n": "12:30:45",
        "day": date(2026, 10, 31),
        "month": "2026-10",
    }


def test_dump_yaml__reads_back_in_the_same_order(tmp_path):
    content = {
        "z": "2026-10-31",  # text that looks like a day, a number, a word of YAML
        "a": "007",
        "b": "null",
        "c": ["x: y", "# no comment", ""],
        "d": {"e": None, "f": 1.5},
        "path": "C:\\folder\\ä",
    }

    found = load_yaml(written(tmp_path, dump_yaml(content)))

    assert found == content
    assert list(found) == list(content)


def test_read_document__a_whole_file(tmp_path):
    path = written(tmp_path, "title: Wall\ncolours:\n  - {name: red, strength: 2}\n")

    assert read_document(path, Paint) == Paint(
        title="Wall", colours=(Colour(name="red", strength=2),)
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, "'title' is missing."),
        (
            {"title": "x", "colors": []},
            "'colors' is not a key.\nHint: did you mean 'colours'?",
        ),
        (
            {"title": "x", "qqq": []},
            "'qqq' is not a key.\nHint: known are base, colours, shares, title.",
        ),
        (
            {"title": "x", "colours": [{"name": "red", "strenght": 1}]},
            "'colours.0.strenght' is not a key.\nHint: did you mean 'strength'?",
        ),
        ({"title": "x", "base": {}}, "'base.name' is missing."),
        (
            {"title": "x", "base": {"name": "Gren"}},
            "'base.name' is none of the accepted words (given: 'Gren').\n"
            "Hint: did you mean 'green'?",
        ),
        (
            {"title": "x", "base": {"name": None}},
            "'base.name' is none of the accepted words (given: None).\n"
            "Hint: known are blue, green, red.",
        ),
        ({"title": 5}, "'title': input should be a valid string (given: 5)."),
        (
            {"title": "x", "base": "red"},
            "'base' holds no keys (given: 'red').\nHint: write 'key: value' below it.",
        ),
        (
            {"title": "x", "shares": ["red"]},
            "'shares' holds no keys.\nHint: write 'key: value' below it.",
        ),
        (
            {"title": "x", "colours": None},
            "'colours' is not a list (given: None).\nHint: write [one, another].",
        ),
    ],
)
def test_parse_document__names_the_key_and_what_would_be_accepted(content, expected):
    with pytest.raises(ParameterError) as error:
        parse_document(content, Paint, "paint.yaml")

    assert str(error.value) == f"paint.yaml: {expected}"


def test_parse_document__every_problem_at_once_sorted():
    with pytest.raises(ParameterError) as error:
        parse_document({"tilte": "x", "base": {"strength": "much"}}, Paint, "paint.yaml")

    assert str(error.value) == (
        "4 problems:\n"
        "  paint.yaml: 'base.name' is missing.\n"
        "  paint.yaml: 'base.strength': input should be a valid integer, unable to parse string "
        "as an integer (given: 'much').\n"
        "  paint.yaml: 'tilte' is not a key.\n"
        "    Hint: did you mean 'title'?\n"
        "  paint.yaml: 'title' is missing."
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("gren", "did you mean 'green'?"),
        ("RED", "did you mean 'red'?"),
        ("x", "known are green, red."),
    ],
)
def test_suggestion__the_nearest_word_or_all(word, expected):
    assert suggestion(word, ["red", "green"]) == expected


def test_suggestion__nothing_is_known():
    assert suggestion("x", []) == ""
