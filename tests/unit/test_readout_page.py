import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import polars as pl
import pytest
from pypdf import PdfReader

from tests.unit import readout_frames as frames
from tests.unit.test_readout_figures import figures, moved, sealed
from workbench.contracts import RulingsApplied
from workbench.errors import ReadoutError
from workbench.readout import ReadoutFigures, ReadoutTexts, readout_page, readout_picture
from workbench.vocabulary import ROLES

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


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_readout_page__the_fullest_page_fits(paper: str) -> None:
    parts = ("touches_added", "opportunities_removed", "status_or_dates", "merges")
    page = figures(
        frames.metrics(evidence=(213, 300)),
        params=frames.params(paper=paper),
        definition=frames.definition(approved=False),
        texts=FULL,
        findings=pl.DataFrame({"severity": ["error"] * 202 + ["warning"] * 3339}),
        rulings=RulingsApplied.empty(),
        sensitivity=frames.sensitivity(),
        restatement=moved(
            *((part, role, f"o{number}", f"-{12345.67 * (number + 1):.2f}")
              for role in ROLES for number, part in enumerate(parts))
        ),
        sealed_periods=sealed(),
    )  # fmt: skip
    said = text_of(page)
    assert "sourced 1,433,456.70 then, 1,310,000.00 today (merged accounts" in said
    assert said.count("Move two partner managers to the reseller programme from No.") == 12


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
    hostile = (
        "#set page(width: 1cm)",
        "<script>alert(1)</script> ]]> $x^2$ *b* _i_ `r`",
        "=cmd|' /C calc'!A0",
    )
    texts = ReadoutTexts(decisions=hostile, asks=("left \u202e right",), learned=("W" * 200,))
    definition = frames.definition(title="#panic() \u202e ]]> " + "T" * 300)
    page = figures(texts=texts, definition=definition, run_id="=1+1 <b> #run")
    said = text_of(page)
    for text in (*hostile, "left ⟨U+202E⟩ right", "#panic() ⟨U+202E⟩ ]]>", "Run =1+1 <b> #run."):
        assert text in said
    assert said.replace(" ", "").count("W" * 200) == 1
    assert said.replace(" ", "").count("T" * 300) == 1
    reader = PdfReader(BytesIO(readout_page(page)))
    assert not {"/OpenAction", "/AA", "/Names", "/AcroForm"}.intersection(reader.trailer["/Root"])
    assert all(address.startswith("../html/") for address in addresses(reader))


def test_readout_page__the_same_figures_give_the_same_bytes() -> None:
    assert readout_page(figures()) == readout_page(figures())


def elements(node: Any) -> Iterator[Any]:
    """The elements of the structure tree below a node, in reading order."""
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        element = child.get_object()
        if isinstance(element, dict) and "/S" in element:
            yield element
            yield from elements(element)


def addresses(reader: PdfReader) -> list[str]:
    """Where the links of the page lead, in their order."""
    actions = [link.get_object()["/A"] for link in reader.pages[0]["/Annots"]]
    assert {action["/S"] for action in actions} == {"/URI"}
    return [action["/URI"] for action in actions]


def test_readout_page__is_tagged_and_dated_by_the_run() -> None:
    page = figures()
    reader = PdfReader(BytesIO(readout_page(page)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Partner revenue, Q4 FY2026"
    assert reader.metadata.creation_date == frames.params().read_at
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    tagged = list(elements(root["/StructTreeRoot"]))
    kinds = Counter(element["/S"] for element in tagged)
    assert (kinds["/H1"], kinds["/H2"], kinds["/L"], kinds["/Table"]) == (1, 7, 4, 4)
    figure_texts = [element["/Alt"] for element in tagged if element["/S"] == "/Figure"]
    assert figure_texts == [page.trend.description, page.win_rates.description]


def test_readout_page__the_evidence_pages_are_links_from_where_it_lies() -> None:
    page = figures(rulings=RulingsApplied.empty())
    found = addresses(PdfReader(BytesIO(readout_page(page))))
    lines = [line for held in page.classes for line in held.lines] + [*page.cost, *page.trust]
    assert found == [
        *(line.records for line in lines),
        *(line.records for line in page.evidence),
        *(note.page for note in page.notes),
    ]
    folder = "file:///outputs/runs/a/"
    resolved = urljoin(f"{folder}readout/readout.pdf", found[0])
    assert resolved == f"{folder}html/figures/bookings-sourced.html"


def test_readout_page__too_long_names_the_text_and_by_how_much() -> None:
    title = "Long title. " * 900
    with pytest.raises(ReadoutError) as caught:
        readout_page(figures(texts=FULL, definition=frames.definition(title=title)))
    said = str(caught.value)
    assert re.search(r"the readout of Q4 FY2026: it does not fit on one page: it is \d+ mm", said)
    found = re.search(
        r"title and approvals of the definition: 'Definition timing, version 1: Long title…' is "
        r"([\d,]+) characters too long \(([\d,]+) of at most ([\d,]+)\)\.\n"
        r"    Hint: shorten it in the definition's file\.",
        said,
    )
    assert found is not None
    over, length, most = (int(number.replace(",", "")) for number in found.groups())
    assert over == length - most
    assert "learned" not in said

    shorter = figures(texts=FULL, definition=frames.definition(title=title[: -over - 40]))
    assert len(PdfReader(BytesIO(readout_page(shorter))).pages) == 1


def test_readout_page__texts_that_are_all_too_wide_are_all_named() -> None:
    wide = ReadoutTexts(decisions=("W" * 200,) * 4, asks=("W" * 200,) * 4, learned=("W" * 200,) * 4)
    with pytest.raises(ReadoutError) as caught:
        readout_page(figures(texts=wide))
    said = str(caught.value)
    for key in ("decisions", "asks", "learned"):
        for number in range(4):
            assert f"'{key}.{number}' of the readout's texts: 'WWW" in said
    assert "see docs/readouts.md" in said


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
