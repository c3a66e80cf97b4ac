"""Partner packs over small companies with their answers: what each partner sees, and what not."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import polars as pl
import pytest
from pypdf import PdfReader

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    definition,
    frame,
    instant,
    opportunity,
    touch,
)
from tests.unit.pack_frames import Tables, params, partner, run_tables, small_company
from workbench.contracts import Handoffs, PartnerAliases, Partners
from workbench.definitions import Definition
from workbench.partner_packs import partner_packs
from workbench.partner_packs.figures import partner_figures
from workbench.partner_packs.opportunities import partner_opportunities
from workbench.partner_packs.others import PartnerNames, Reader
from workbench.partner_packs.touches import mendable_touches, rejected_touches
from workbench.partner_packs.trend import partner_trend

ANN = partner("P1", "Ann & Sons")
TWO = [ANN, partner("P2", "Kaldent Supply, Inc.")]
TIMING = definition(rules=BEFORE_OR_AFTER, gates={"evidence": "required"})


def names(*partners: Row, aliases: tuple[Row, ...] = ()) -> PartnerNames:
    return PartnerNames(frame(Partners, *partners), frame(PartnerAliases, *aliases))


def made(tables: Tables, using: Definition = TIMING, **changes: object) -> dict[str, bytes]:
    """Every file of every pack, by its path."""
    run = params(**changes)
    whole = run_tables(tables, params=run, definition=using)
    return dict(partner_packs(whole, params=run, definition=using, run_id="quarterly-a"))


def pdf_text(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text().replace("\u200b", "") for page in pages).split())


@pytest.mark.parametrize(
    "text",
    [
        "Renewal with KALDENT supply",
        "Káldent-Supply: data hub",
        "https://x.example/kaldentsupply/1",
        "https://x.example/?by=Kaldent%2520Supply",
        "Kal\u200bdent Supply",
        "https://x.example/partners/p2",
        "kaldent_group",
    ],
)
def test_names__of_another_are_found_however_they_are_written(text: str) -> None:
    known = names(*TWO, aliases=({"alias": "Kaldent Group", "partner_id": "P2"},))

    assert known.names_another(text, "P1")
    assert not known.names_another(text, "P2")


@pytest.mark.parametrize("text", ["Planning suite", "Annual renewal", "P21", "Kaldent", "", "–"])
def test_names__are_whole_words(text: str) -> None:
    assert not names(partner("P9", "Own"), partner("P2", "Kaldent Supply"), partner("P3", "Ann"))\
        .names_another(text, "P9")  # fmt: skip


def test_names__a_short_name_withholds_what_holds_it_as_a_word() -> None:
    known = names(partner("P9", "Own"), partner("P8", "A"), partner("P3", "東京商事"))

    assert known.names_another("Plan A for Acme", "P9")
    assert not known.names_another("Plan B for Acme", "P9")
    assert known.names_another("新東京商事更新", "P9")


def test_names__what_is_only_part_of_an_own_name_is_no_other() -> None:
    known = names(ANN, partner("P3", "Ann"), partner("P4", "Ann & Sons Holding"))

    assert not known.names_another("Ann & Sons – renewal", "P1")
    assert known.names_another("Ann & Sons Holding – renewal", "P1")
    assert known.names_another("Ann, then Ann & Sons", "P1")
    assert known.names_another("Ann & Sons – renewal", "P3")


def test_names__those_of_parents_are_not_another_but_those_of_children_are() -> None:
    known = names(
        partner("P1", "Own", parent_partner_id="P2"),
        partner("P2", "Above", parent_partner_id="P3"),
        partner("P3", "Top", parent_partner_id="P2"),
        partner("P4", "Below", parent_partner_id="P1"),
    )

    assert not known.names_another("Above, Top", "P1")
    assert known.names_another("Below", "P1")


def test_reader__shows_invisible_signs_and_says_what_it_withholds() -> None:
    reader = Reader("P1", names(*TWO))

    assert reader.shown("left\u202eright", "name") == "left⟨U+202E⟩right"
    assert reader.shown("For Kaldent Supply", "name") == "name withheld"
    assert reader.shown(None, "name") == ""


def shared() -> Tables:
    """O1, won for 100.00: P1 sourced it and P2 came second; O2, open: P2's alone."""
    return small_company(
        TWO,
        [
            opportunity("O1", name="Acme data hub"),
            opportunity("O2", status="open", closed_at=None, name="Acme app"),
        ],
        [
            touch("T1", "2025-02-01"),
            touch("T2", "2025-02-02", "P2"),
            touch("T3", "2025-02-03", "P2", opportunity_id="O2"),
        ],
    )


def test_partner_figures__are_those_of_the_metrics_table_and_nothing_is_zero() -> None:
    run = params()
    tables = run_tables(shared(), params=run, definition=TIMING)
    figures = partner_figures(
        *(tables[table] for table in list(tables) if table.table_name() == "metrics"),
        None,
        partner_ids=tables[Partners]["partner_id"],
        params=run,
    )

    def value(partner_id: str, metric: str, classification: str = "all") -> Any:
        key = {"metric": metric, "classification": classification, "period": "2025-Q2"}
        return figures.filter(partner_id=partner_id, **key).row(0, named=True)

    assert figures.height == 2 * 9 * (2 * 6 + 8)
    assert value("P1", "bookings", "sourced")["value"] == 100
    assert value("P2", "bookings", "sourced")["value"] == 0
    assert value("P2", "open_pipeline", "sourced")["value"] == 100
    won = value("P1", "win_rate", "sourced")
    assert (won["value"], won["n"], round(won["ci_low"], 4)) == (1, 1, 0.2065)
    assert value("P1", "win_rate", "influenced")["reason"] == "no opportunity closed in the period"
    assert value("P1", "evidence_rate")["reason"] == "no touch in the period"
    assert value("P1", "handoffs_sent")["reason"] == "the source has no handoffs"
    assert value("P1", "handoffs_waiting")["reason"] == "the source has no handoffs"
    assert figures.filter(pl.col("value").is_null() != pl.col("reason").is_not_null()).is_empty()


def test_partner_figures__a_period_that_has_not_begun_has_none() -> None:
    run = params(period="2025-Q3")
    tables = run_tables(shared(), params=run, definition=TIMING)
    figures = partner_figures(
        next(rows for table, rows in tables.items() if table.table_name() == "metrics"),
        frame(Handoffs),
        partner_ids=tables[Partners]["partner_id"],
        params=run,
    )

    last = figures.filter(period="2025-Q3")
    assert last["value"].null_count() == last.height
    assert set(last["reason"]) == {"it begins after the as-of day"}


def test_partner_figures__a_handoff_waits_until_it_is_answered() -> None:
    sent = {"partner_id": "P1", "account_id": "A1", "direction": "partner_to_seller"}
    handoffs = frame(
        Handoffs,
        {**sent, "handoff_id": "H1", "sent_at": instant("2025-01-10"), "response": "accepted"}
        | {"responded_at": instant("2025-04-10")},
        {**sent, "handoff_id": "H2", "sent_at": instant("2025-06-30T12:00"), "response": "pending"},
        {**sent, "handoff_id": "H3", "sent_at": instant("2025-05-10"), "response": "rejected"},
    )
    run = params()
    tables = run_tables({**shared(), Handoffs: handoffs}, params=run, definition=TIMING)
    figures = partner_figures(
        next(rows for table, rows in tables.items() if table.table_name() == "metrics"),
        handoffs,
        partner_ids=tables[Partners]["partner_id"],
        params=run,
    )

    waiting = figures.filter(metric="handoffs_waiting", partner_id="P1").sort("period")
    assert waiting["value"].to_list() == [0, 0, 0, 0, 0, 0, 0, 1, 1]


def test_partner_opportunities__show_the_own_credit_and_the_own_deciding_touch() -> None:
    equal = definition(
        rules=BEFORE_OR_AFTER, gates={"evidence": "required"}, credit={"model": "equal"}
    )
    run = params()
    tables = run_tables(shared(), params=run, definition=equal)
    seen = partner_opportunities(tables, params=run)

    columns = ("partner_id", "opportunity_id", "credited_amount", "evidence_url", "accepted_count")
    assert seen.select(columns).rows() == [
        ("P1", "O1", Decimal("50.00"), "https://proof/T1", 1),
        ("P2", "O1", Decimal("50.00"), None, 1),
        ("P2", "O2", Decimal("100.00"), "https://proof/T3", 1),
    ]


def test_partner_opportunities__without_credit_there_is_no_class_and_no_amount() -> None:
    tables = run_tables(shared(), params=params(), definition=TIMING)
    seen = partner_opportunities(tables, params=params())

    second = seen.filter(partner_id="P2", opportunity_id="O1").row(0, named=True)
    assert (second["classification"], second["credited_amount"]) == (None, None)
    assert (second["touch_count"], second["accepted_count"]) == (1, 1)


def incomplete(*touches: Row) -> tuple[Tables, Definition]:
    strict = definition(
        rules=BEFORE_OR_AFTER, gates={"evidence": "required", "partner_contact": "required"}
    )
    tables = small_company(TWO, [opportunity()], list(touches))
    return run_tables(tables, params=params(), definition=strict), strict


def test_mendable_touches__say_everything_that_is_missing() -> None:
    tables, strict = incomplete(
        touch("T1", "2025-02-01", evidence_url=None),
        touch("T2", "2025-04-02", evidence_url=None, partner_contact="jo@ann.example"),
        touch("T3", "2025-06-02", evidence_url=None),
        touch("T4", "2025-04-01", partner_contact="jo@ann.example"),
    )
    mendable = mendable_touches(tables, params=params(), definition=strict)

    assert mendable.select("touch_id", "role", "missing").rows() == [
        ("T2", "influenced", ["a link to its evidence"]),
        ("T1", "sourced", ["a link to its evidence", "the partner’s person"]),
    ]
    others = rejected_touches(tables, mendable, params=params())
    assert others.rows() == [("P1", "no_evidence", 1)]


def test_mendable_touches__one_on_the_account_tells_no_opportunity_that_it_does_not_name() -> None:
    attached = definition(gates={"evidence": "required"}, account_touches="all")
    on_account = touch("T1", "2025-02-01", opportunity_id=None, account_id="A1", evidence_url=None)
    tables = small_company(TWO, [opportunity(), opportunity("O2")], [on_account])
    whole = run_tables(tables, params=params(), definition=attached)
    mendable = mendable_touches(whole, params=params(), definition=attached)

    assert mendable.select("touch_id", "opportunity_id", "account").rows() == [("T1", None, "Acme")]
    assert partner_opportunities(whole, params=params()).is_empty()


@pytest.mark.parametrize(
    "open_to_all", [definition(), definition(rules=[], basis="crm_field")], ids=["any", "crm"]
)
def test_mendable_touches__without_a_gate_there_are_none(open_to_all: Definition) -> None:
    tables = run_tables(shared(), params=params(), definition=open_to_all)

    assert mendable_touches(tables, params=params(), definition=open_to_all).is_empty()
    assert len(made(shared(), open_to_all)) == 8


HOSTILE = ("=cmd|' /C calc'!A0", "#set page(width: 1cm)", "<script>alert(1)</script>", "]]> *b*")


def hostile() -> Tables:
    """P1 has what names P2 in every way, and names that try to be something else than text."""
    tables = small_company(
        [
            ANN | {"region": "Kaldent Supply region", "tier": "like P2"},
            partner("P2", "Kaldent Supply, Inc."),
        ],
        [
            opportunity("O1", name="Swap Kaldent-Supply out"),
            opportunity("P2-17", name="Acme app", stage="with kaldent supply"),
            *(
                opportunity(f"H{number}", name=name + " x" * 150, stage=name)
                for number, name in enumerate(HOSTILE)
            ),
        ],
        [
            touch("T1", "2025-02-01", evidence_url="https://x.example/kaldent%20supply/1"),
            touch("P2-T2", "2025-04-02", opportunity_id="P2-17", evidence_url=None),
            touch("T4", "2025-02-01", opportunity_id="P2-17", evidence_url="javascript:alert(1)"),
            *(
                touch(f"TH{number}", "2025-02-01", opportunity_id=f"H{number}")
                for number in range(len(HOSTILE))
            ),
        ],
    )
    alias = {"alias": "Kal Group", "partner_id": "P2"}
    return tables | {PartnerAliases: frame(PartnerAliases, alias)}


def test_packs__withhold_every_text_that_names_another() -> None:
    packs = made(hostile())
    own = {name: content for name, content in packs.items() if name.startswith("ann-sons-p1/")}
    assert sorted(own) == [
        "ann-sons-p1/ann-sons-p1.pdf",
        "ann-sons-p1/figures.csv",
        "ann-sons-p1/index.html",
        "ann-sons-p1/opportunities.csv",
    ]
    said = {
        name: pdf_text(content) if name.endswith(".pdf") else content.decode()
        for name, content in own.items()
    }
    for name, text in said.items():
        squeezed = re.sub(r"[\W_]+|%20", "", text.lower())
        assert "kaldent" not in squeezed, name
        assert not re.search(r"\bp2\b", text.lower()), name
    for withheld in ("name withheld", "link withheld", "id withheld", "region withheld"):
        assert withheld in said["ann-sons-p1/index.html"]
        assert withheld in said["ann-sons-p1/ann-sons-p1.pdf"]
    assert "javascript:" not in said["ann-sons-p1/index.html"]


def test_packs__names_act_neither_as_markup_nor_as_formula() -> None:
    packs = made(hostile())
    page = packs["ann-sons-p1/index.html"].decode()
    listed = pl.read_csv(BytesIO(packs["ann-sons-p1/opportunities.csv"]))
    printed = pdf_text(packs["ann-sons-p1/ann-sons-p1.pdf"])

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for name in HOSTILE:
        assert name in printed
    texts = listed.select(pl.col(pl.String)).unpivot()["value"].drop_nulls()
    assert not texts.str.contains(r"^\s*[=+\-@]").any()
    assert "'=cmd|' /C calc'!A0" in set(listed["stage"])


def test_packs__the_pdf_is_tagged_and_has_at_most_two_pages() -> None:
    long = ["word " * 60, "W" * 300, "שלום" * 80]
    rows = [
        opportunity(
            f"O{n:03}", name=long[n % 3], stage=long[n % 3], status=status, closed_at=closed
        )
        for n in range(60)
        for status, closed in [("won", instant("2025-05-20")) if n % 2 else ("open", None)]
    ]
    touches = [
        touch(f"T{n:03}", "2025-04-02", opportunity_id=f"O{n:03}", evidence_url=link)
        for n in range(60)
        for link in [None if n % 3 else f"https://proof/{n}"]
    ]
    named = partner("P1", "Ann & Sons 東京 " + "Long Name " * 12)
    packs = made(small_company([named], rows, touches), paper="us-letter")
    (content,) = (content for name, content in packs.items() if name.endswith(".pdf"))
    reader = PdfReader(BytesIO(content))
    root: Any = reader.trailer["/Root"]

    assert len(reader.pages) <= 2
    assert round(float(reader.pages[0].mediabox.width)) == 612
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"].startswith("en")
    assert (reader.metadata.title or "").startswith("Ann & Sons")
    assert "stands for a letter that the page's fonts lack" in pdf_text(content)


def test_packs__a_draft_says_so_and_an_approved_one_does_not() -> None:
    approved = TIMING.model_copy(
        update={"approvals": ({"role": "sales", "name": "VP Sales", "on": date(2025, 1, 1)},)}
    )
    for using, is_draft in ((TIMING, True), (approved, False)):
        packs = made(shared(), using)
        assert ("DRAFT" in packs["ann-sons-p1/index.html"].decode()) is is_draft
        assert ("DRAFT" in pdf_text(packs["ann-sons-p1/ann-sons-p1.pdf"])) is is_draft


def test_packs__are_for_those_who_are_active_or_took_part() -> None:
    tables = shared()
    more = [
        partner("P1", "Acme/Öst: Con", active=False),
        partner("P2", "Acme/Öst: Con", active=False),
        partner("P3", "Silent", active=False),
        partner("P4", "New"),
    ]
    packs = made({**tables, Partners: frame(Partners, *more)})

    assert {name.split("/")[0] for name in packs} == {
        "acme-öst-con-p1",
        "acme-öst-con-p2",
        "new-p4",
    }


def test_packs__the_same_tables_give_the_same_bytes_whatever_their_order() -> None:
    turned = {contract: rows.reverse() for contract, rows in hostile().items()}

    assert made(hostile()) == made(turned)


def test_packs__no_partner_makes_no_pack() -> None:
    assert made(small_company([], [opportunity()], [])) == {}


def test_partner_trend__says_what_is_unknown_and_hangs_a_credit_note_below_zero() -> None:
    periods = [period.label for period in params().fiscal_period.trail(9)]
    figures = pl.DataFrame(
        [
            {"metric": metric, "classification": role, "period": period, "value": value}
            for metric in ("bookings", "created_pipeline")
            for role in ("sourced", "influenced")
            for period, value in zip(periods, [None, -500.0, *[0.0] * 6, 4e6], strict=True)
        ],
        schema_overrides={"value": pl.Float64},
    )
    trend = partner_trend(figures, currency="EUR")

    assert trend.svg.count(">not known</text>") == 4
    assert trend.svg.count(">−&lt;0.01</text>") == 4
    assert "Bookings, EUR m: sourced: Q2 FY2023 not known, Q3 FY2023 EUR −500.00" in (
        trend.description.replace("\u00a0", " ")
    )
