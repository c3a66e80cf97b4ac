from pathlib import Path

import pytest

from tests.unit.readout_frames import PROJECT
from workbench.errors import ParameterError
from workbench.readout import ReadoutTexts, read_readout_texts


def written(folder: Path, text: str) -> Path:
    path = folder / "2026-Q4.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_read_readout_texts__reads_the_sample(tmp_path: Path) -> None:
    texts = read_readout_texts(PROJECT / "params" / "readouts" / "2026-Q4.yaml")
    assert all((texts.decisions, texts.asks, texts.learned))


def test_read_readout_texts__a_list_may_be_empty(tmp_path: Path) -> None:
    path = written(tmp_path, "decisions: [Stop the pilot.]\nasks: []\nlearned: []\n")
    assert read_readout_texts(path) == ReadoutTexts(
        decisions=("Stop the pilot.",), asks=(), learned=()
    )


def test_read_readout_texts__names_the_text_and_by_how_much_it_is_too_long(tmp_path: Path) -> None:
    path = written(
        tmp_path, f"decisions: [Short.]\nasks: [Fine., Approve {'x' * 215}]\nlearned: []\n"
    )
    with pytest.raises(ParameterError) as caught:
        read_readout_texts(path)
    assert "'asks.1'" in str(caught.value)
    assert "'Approve xxx" in str(caught.value)
    assert "23 characters too long (223 of at most 200)" in str(caught.value)


def test_read_readout_texts__every_problem_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "decisions: [a, b, c, d, e]\nask: []\nlearned: ['']\n")
    with pytest.raises(ParameterError) as caught:
        read_readout_texts(path)
    said = str(caught.value)
    assert "4 problems" in said
    assert "1 texts too many" not in said
    assert "1 text too many (5 of at most 4)" in said
    assert "'ask' is not a key" in said
    assert "'asks' is missing" in said
    assert "the text is empty" in said


def test_read_readout_texts__letters_that_the_page_cannot_print(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "decisions: [In Österreich und Ελλάδα., Ab Januar in 日本.]\nasks: []\nlearned: []\n",
    )
    with pytest.raises(ParameterError) as caught:
        read_readout_texts(path)
    assert "'decisions.1'" in str(caught.value)
    assert "has letters that the fonts of the page lack: 日, 本." in str(caught.value)
    assert "decisions.0" not in str(caught.value)
