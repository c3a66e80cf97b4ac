"""Fifty companies of every size and script: each has its page, or is told what to cut."""

import random
import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.unit import readout_frames as frames
from workbench.attribution import attribution, snapshot
from workbench.contracts import TABLES, RulingsApplied
from workbench.definitions import Definition
from workbench.errors import ReadoutError
from workbench.metrics import METRICS, MetricInputs, metrics
from workbench.params import RunParams
from workbench.readout import ReadoutTexts, readout_figures, readout_page
from workbench.vocabulary import ROLES

NUMBERS: Final = {
    "bookings": "Bookings",
    "open_pipeline": "Open pipeline",
    "created_pipeline": "Created pipeline",
}
QUOTED: Final = (
    *NUMBERS,
    "win_rate",
    "partner_concentration",
    "evidence_rate",
    "logged_on_time_rate",
    "program_cost",
    "cost_per_sourced_opportunity",
)
CATALOGUE: Final = {name: METRICS[name] for name in QUOTED}
DEFINITIONS: Final = ("timing", "crm_field", "causal", "position_30d", "any_touch")
NAMES: Final = (
    "Nordlicht GmbH",
    "Ελληνικά Δίκτυα",
    "Северный поток",
    "שותפים בע״מ",
    "شركاء الخليج",
    "東京パートナー",
    "भारत साझेदार",
    "🦊 & Söhne",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "#set page(width: 1cm)",
    "]]> $x^2$ *b*",
    "left \u202e right",
    "N" * 300,
)
LONG: Final = "A definition of many words. " * 400
TEXTS: Final = (
    "Cut.",
    "Move two partner managers to the reseller programme from November on.",
    "#panic() <b>=1+1</b> ]]> \u202e $x$ @ref",
    "Εγκρίνετε τον προϋπολογισμό. Утвердите бюджет до ноября.",
    "אשרו את התקציב עד נובמבר.",
    ("Name one owner in each region for answering partner handoffs, " * 4)[:199] + ".",
    "W" * 200,
)
SPACES: Final = str.maketrans({"\u00a0": " ", "\u200b": ""})
companies = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A company's shape; what it is filled with follows from its seed."""
    return {
        "seed": draw(st.integers(0, 10_000)),
        "opportunities": draw(st.sampled_from([9, 3, 60, 1, 0, 30])),
        "partners": draw(st.sampled_from([2, 200])),
        "kinds": draw(
            st.lists(
                st.sampled_from(["sourced", "influenced", "claimed", "crm", "direct"]),
                min_size=1,
                unique=True,
            )
        ),
        "digits": draw(st.sampled_from([1, 4, 9, 13])),  # before the decimal point
        "currency": draw(st.sampled_from(["USD", "EUR", "JPY", "IDR"])),
        "has_costs": draw(st.booleans()),
        "definition": draw(st.sampled_from(DEFINITIONS)),
        "is_approved": draw(st.booleans()),
        "title": draw(st.sampled_from([*NAMES, LONG])),
        "run_id": draw(st.sampled_from(NAMES)),
        "period": draw(st.sampled_from(["2026-Q4", "2026-10"])),
        "paper": draw(st.sampled_from(["a4", "us-letter"])),
        "texts": draw(
            st.none() | st.tuples(*[st.lists(st.sampled_from(TEXTS), max_size=4).map(tuple)] * 3)
        ),
    }


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the table's contract; columns that they lack are null."""
    dtypes = TABLES[name].dtypes()
    return pl.DataFrame([{c: row.get(c) for c in dtypes} for row in rows], schema=dtypes)


def amount(world: dict[str, Any], drawn: random.Random) -> Decimal | None:
    """Of the world's digits, now and then none, and now and then a credit note.

    All of them together have at most fifteen digits: more than that no float keeps to the cent.
    """
    if drawn.random() < 0.1:
        return None
    highest = min(10 ** world["digits"], 9 * 10**13 // max(world["opportunities"], 1))
    cents = drawn.randrange(1, highest * 100)
    return Decimal(-cents if drawn.random() < 0.1 else cents) / 100


def tables_of(world: dict[str, Any], params: RunParams) -> dict[str, pl.DataFrame]:
    drawn, zone = random.Random(world["seed"]), ZoneInfo(params.timezone)

    def noon(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 12, tzinfo=zone)

    opportunities, touches = [], []
    for number in range(world["opportunities"]):
        kind, status = drawn.choice(world["kinds"]), drawn.choice(["open", "won", "won", "lost"])
        created = params.as_of - timedelta(days=drawn.choice([0, 5, 40, 80, 200, 500, 700]))
        closed = min(created + timedelta(days=drawn.choice([3, 30, 120])), params.as_of)
        key = f"O{number}"
        opportunities.append(
            {
                "opportunity_id": key,
                "account_id": f"A{number % 7}",
                "name": drawn.choice(NAMES),
                "opportunity_type": "new_business",
                "stage": "Stage",
                "status": status,
                "created_at": noon(created),
                "closed_at": None if status == "open" else noon(closed),
                "amount": amount(world, drawn),
                "currency": world["currency"],
                "crm_classification": drawn.choice(ROLES) if kind == "crm" else None,
                "source_system": "crm",
            }
        )
        if kind in {"crm", "direct"}:
            continue
        touched = created - timedelta(days=10) if kind != "influenced" else created
        touches.append(
            {
                "touch_id": f"T{number}",
                "opportunity_id": key,
                "account_id": f"A{number % 7}",
                "partner_id": f"P{drawn.randrange(world['partners'])}",
                "partner_contact": "A. Contact",
                "touch_type": "introduction",
                "touched_at": noon(touched),
                "logged_at": noon(touched),
                "evidence_url": None if kind == "claimed" else "https://notes.example/1",
                "source_system": "crm",
                "first_seen_at": noon(touched),
            }
        )
    partners = [
        {
            "partner_id": f"P{number}",
            "name": NAMES[number % len(NAMES)],
            "partner_type": "reseller",
            "active": True,
        }
        for number in range(world["partners"])
    ]
    accounts = [
        {"account_id": f"A{number}", "name": NAMES[number], "is_target": True}
        for number in range(7)
    ]
    costs = [
        {
            "cost_id": "C1",
            "incurred_on": params.as_of,
            "category": "people",
            "amount": Decimal(10 ** world["digits"]) / 3,
            "currency": world["currency"],
        }
    ]
    rows = {
        "opportunities": opportunities,
        "touches": touches,
        "partners": partners,
        "accounts": accounts,
        **({"program_costs": costs} if world["has_costs"] else {}),
    }
    return {name: table(name, of) for name, of in rows.items()}


def definition_of(world: dict[str, Any]) -> Definition:
    return frames.definition(
        world["definition"], approved=world["is_approved"], title=world["title"]
    )


def printed(value: float) -> str:
    """To the cent, as the page prints it; the metrics table holds amounts as floats."""
    return f"{Decimal(repr(value)).quantize(Decimal('0.01')):,}".replace("-", "−")


def readable(value: float, currency: str) -> str:
    """To the cent below ten thousand, in whole thousands below a million, else in three figures."""
    exact = Decimal(repr(value)).quantize(Decimal("0.01"))
    size, sign = abs(exact), "−" if exact < 0 else ""
    if size < 10_000:
        return f"{currency} {sign}{size:,}"
    if size < 999_500:
        thousands = (size / 1000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        return f"{currency} {sign}{thousands} k"
    figures = Context(prec=3, rounding=ROUND_HALF_EVEN).create_decimal(size)
    exponent = min(figures.adjusted() // 3 * 3, 12)
    unit = {6: "m", 9: "bn", 12: "tn"}[exponent]
    return f"{currency} {sign}{figures.scaleb(-exponent)} {unit}"


def check_too_long(said: str, world: dict[str, Any]) -> None:
    """The error is one of a company that wrote too much, and says which text and by how much."""
    assert world["title"] == LONG or "W" * 200 in str(world["texts"]), said
    assert re.search(r"it is \d+ mm too long", said)
    assert re.search(r"is [\d,]+ characters too long \([\d,]+ of at most [\d,]+\)", said)


@companies
@given(world=worlds())
def test_readout__one_page_with_the_figures_of_the_metrics_table(world: dict[str, Any]) -> None:
    params = frames.params(
        period=world["period"], paper=world["paper"], reporting_currency=world["currency"]
    )
    definition, tables = definition_of(world), tables_of(world, params)
    facts = snapshot(
        opportunities=tables["opportunities"],
        touches=tables["touches"],
        partners=tables["partners"],
        account_merges=None,
        fx_rates=None,
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    classed = attribution(facts, definition)
    inputs = MetricInputs(
        attribution=classed.opportunity_attribution,
        credit=classed.partner_credit,
        audit=classed.touch_audit,
        **tables,
    )
    measured = metrics(inputs, params=params, definition=definition, catalogue=CATALOGUE)
    texts = None
    if world["texts"] is not None:
        decisions, asks, learned = world["texts"]
        texts = ReadoutTexts(decisions=decisions, asks=asks, learned=learned)
    figures = readout_figures(
        measured,
        classed.opportunity_attribution,
        params=params,
        definition=definition,
        texts=texts,
        run_id=world["run_id"],
        rulings=RulingsApplied.empty(),
    )

    try:
        pdf = readout_page(figures)
    except ReadoutError as error:
        check_too_long(str(error), world)
        return

    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) == 1
    said = " ".join(pages[0].extract_text().translate(SPACES).split())
    rows = measured.filter(period=params.fiscal_period.label, dimension="all")
    values = {(m, c): v for m, c, v in rows.select("metric", "classification", "value").rows()}
    for number, name in NUMBERS.items():
        for role in ROLES:
            value = values[number, role]
            exact = "not known" if value is None else printed(value)
            assert f"{role.capitalize()} {name.lower()} {exact} " in said
            if value is not None:
                assert re.search(rf"{name} {re.escape(readable(value, world['currency']))} ", said)
    cost = values["program_cost", "all"]
    assert (
        "Programme cost not known" if cost is None else readable(cost, world["currency"])
    ) in said
    for metric in ("win_rate", "evidence_rate"):
        rate = values[metric, "sourced" if metric == "win_rate" else "all"]
        assert ("not known" if rate is None else f"{rate * 100:.1f} %") in said
    assert ("DRAFT" in said) != world["is_approved"]
    assert "never added" in said
