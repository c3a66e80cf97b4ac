from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.unit import readout_frames as frames
from tests.unit.test_readout_figures import figures
from workbench.errors import ReadoutError
from workbench.readout import ReadoutFigures, ReadoutTexts, readout_page, readout_picture

LONG = ("Move two partner managers to the reseller programme from November on, " * 3)[:199] + "."
FULL = ReadoutTexts(decisions=(LONG,) * 4, asks=(LONG,) * 4, learned=(LONG,) * 4)


def text_of(page: ReadoutFigures) -> str:
    """The text of the one page, blanks made even."""
    reader = PdfReader(BytesIO(readout_page(page)))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().replace("\u200b", "").split())


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("us-letter", 612)])
@pytest.mark.parametrize("texts", [None, frames.TEXTS, FULL], ids=["none", "short", "full"])
def test_readout_page__is_one_sheet_of_the_paper(
    paper: str, width: int, texts: ReadoutTexts | None
) -> None:
    draft = frames.definition(approved=False)
    page = figures(
        frames.metrics(evidence=(213, 300)),
        params=frames.params(paper=paper),
        definition=draft,
        texts=texts,
        sensitivity=frames.sensitivity(),
    )
    reader = PdfReader(BytesIO(readout_page(page)))
    assert len(reader.pages) == 1
    assert round(float(reader.pages[0].mediabox.width)) == width


def test_readout_page__says_what_the_figures_say() -> None:
    said = text_of(figures(sensitivity=frames.sensitivity()))
    for text in (
        "Partner revenue, Q4 FY2026",
        "Under 2 other reasonable definitions the sourced bookings of Q4 FY2026 lie between",
        *frames.TEXTS.decisions,
        *frames.TEXTS.asks,
        *frames.TEXTS.learned,
        "USD 1.54 m",
        "USD 3.66 m",
        "1,540,500.55",
        "never added",
        "Definition timing, version 1",
        "Approved by sales on 20 January 2025, finance on 22 January 2025.",
        "As of 31 October 2026, days in America/New_York",
        "Run quarterly-2026-Q4-a.",
    ):
        assert text in said
    assert "DRAFT" not in said


def test_readout_page__a_draft_says_so() -> None:
    assert text_of(figures(definition=frames.definition(approved=False))).count("DRAFT") == 2


def test_readout_page__without_texts_says_so() -> None:
    assert "No decisions, asks or learnings were written" in text_of(figures(texts=None))


def test_readout_page__names_cannot_act_as_markup() -> None:
    hostile = ("#set page(width: 1cm)", "<script>alert(1)</script> ]]> $x^2$ *b* _i_ `r`", "=1+1")
    texts = ReadoutTexts(decisions=hostile, asks=("left \u202e right",), learned=("W" * 200,))
    definition = frames.definition(title="#panic() " + "T" * 300)
    said = text_of(figures(texts=texts, definition=definition))
    for text in (*hostile, "left ⟨U+202E⟩ right", "#panic()"):
        assert text in said
    assert said.replace(" ", "").count("W" * 200) == 1


def test_readout_page__the_same_figures_give_the_same_bytes() -> None:
    assert readout_page(figures()) == readout_page(figures())


def test_readout_page__is_tagged_and_dated_by_the_run() -> None:
    reader = PdfReader(BytesIO(readout_page(figures())))
    assert reader.metadata is not None
    assert reader.metadata.title == "Partner revenue, Q4 FY2026"
    assert reader.metadata.creation_date == frames.params().read_at
    assert "/StructTreeRoot" in reader.trailer["/Root"]


def test_readout_page__a_definition_too_long_for_the_page_is_an_error() -> None:
    with pytest.raises(ReadoutError, match=r"does not fit on one page: it is \d+ mm too long"):
        readout_page(figures(texts=FULL, definition=frames.definition(title="Long title. " * 900)))


def test_readout_page__a_letter_without_a_font_never_stops_the_run() -> None:
    definition = frames.definition(title="決定 – Öl")
    said = text_of(figures(definition=definition))
    assert "version 1: ▯▯ – Öl." in said
    assert "▯ stands for a letter that the page's fonts lack" in said
    assert "▯" not in text_of(figures())


def test_readout_page__hebrew_runs_from_right_to_left() -> None:
    texts = ReadoutTexts(decisions=("שלום, חברים.",), asks=("Öl für Ελλάς – Łódź.",), learned=())
    said = text_of(figures(texts=texts))
    assert "Öl für Ελλάς – Łódź." in said
    assert "▯" not in said


def test_readout_page__a_month_under_the_crm_field() -> None:
    page = figures(
        frames.metrics_table([]),
        params=frames.params(period="2026-10"),
        definition=frames.definition("crm_field"),
    )
    said = text_of(page)
    assert "Partner revenue, October 2026" in said
    assert "The CRM's own field says sourced; no touch is consulted." in said


def test_readout_page__empty_frame() -> None:
    page = figures(frames.metrics_table([]), frames.attribution([]), texts=None)
    assert "not known" in text_of(page)


def test_readout_picture__is_one_page_as_wide_as_the_paper() -> None:
    picture = readout_picture(figures())
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert round(height / width, 2) == 1.41
    assert len(picture) < 1_000_000
