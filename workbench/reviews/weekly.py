"""The weekly pulse: what partners did in seven days, and what waits for somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import local_day, snapshot, touch_audit
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Handoffs,
    Opportunities,
    OpportunityAttribution,
    Partners,
    RowChanges,
)
from workbench.definitions import Definition
from workbench.definitions.words import conjunction, kind_in_words
from workbench.params import RunParams
from workbench.readout import formats
from workbench.reviews.cells import amount_cell, opportunity_cell, text_cell, with_names
from workbench.reviews.view import (
    Cell,
    Grid,
    Review,
    Section,
    definition_in_a_line,
    made_in_a_line,
    shown,
)

CONTRACTS: Final[tuple[type[Contract], ...]] = (
    AccountMerges,
    Accounts,
    FxRates,
    Handoffs,
    Opportunities,
    OpportunityAttribution,
    Partners,
    RowChanges,
)
DAYS: Final = 7
LIKELY: Final = 0.5  # from this probability on an opportunity is near its close
# What a definition may ask of a touch that people can still supply: where it stands, who supplies.
_SUPPLIED: Final = {
    "evidence": ("evidence_url", "a link to its evidence"),
    "partner_contact": ("partner_contact", "the partner’s person"),
    "seller_acceptance": ("accepted_by", "a seller who accepts it"),
}
_WAITING_REASONS: Final = ("no_evidence", "no_partner_contact", "not_accepted_by_seller")


def weekly_pulse(
    tables: Mapping[type[Contract], pl.DataFrame],
    *,
    touches: pl.LazyFrame,
    audit: pl.LazyFrame,
    params: RunParams,
    definition: Definition,
    run_id: str,
    is_compared: bool,
) -> Review:
    """The seven days that end on the as-of day, and what waits for somebody on that day.

    `tables` are those of `CONTRACTS` that the run has; `touches` and `audit`, the table
    `touch_audit`, may be scanned files: only what is shown is read. `is_compared` says whether
    `row_changes` comes from a comparison with an earlier reading of the sources.
    """
    first = params.as_of - timedelta(days=DAYS - 1)
    span = f"{formats.day(first)} to {formats.day(params.as_of)}"
    changes = tables.get(RowChanges) if is_compared else None
    week = week_of_touches(touches, audit, tables[Partners], changes, params=params)
    waiting = waiting_touches(tables, touches, audit, params=params, definition=definition)
    return Review(
        title=f"Partner week to {formats.day(params.as_of)}",
        about=(f"{span}, both included. Amounts in {params.reporting_currency}.",),
        is_draft=not definition.is_approved,
        sections=(
            _new_touches(week),
            _claims(tables, params=params, definition=definition),
            _waiting_touches(tables, waiting, params=params, definition=definition),
            _handoffs(tables, params=params),
        ),
        made=(definition_in_a_line(definition), made_in_a_line(params, run_id=run_id)),
    )


@dataclass(frozen=True)
class Week:
    """The touches of seven days.

    `by_partner`: one row per partner, most touches first, with `manager`, `partner_id`, `partner`,
    `touches`, `linked`, `accepted`. `late`: how many happened before and came into the data with
    the last reading, None where nothing was compared.
    """

    touches: int
    linked: int
    accepted: int
    by_partner: pl.DataFrame
    late: int | None


def week_of_touches(
    touches: pl.LazyFrame,
    audit: pl.LazyFrame,
    partners: pl.DataFrame,
    changes: pl.DataFrame | None,
    *,
    params: RunParams,
) -> Week:
    """What partners did in the seven days that end on the as-of day.

    A touch is accepted when the definition counts it for some opportunity. `changes` is the table
    `row_changes`, None where nothing was compared.
    """
    first = params.as_of - timedelta(days=DAYS - 1)
    day = local_day("touched_at", params.timezone)
    own = touches.filter(day.is_between(first, params.as_of)).collect()
    counted = audit.filter(decision="accepted").join(own.lazy(), on="touch_id", how="semi")
    accepted = counted.select("touch_id").unique().collect()["touch_id"]
    own = own.with_columns(
        pl.col("evidence_url").is_not_null().alias("is_linked"),
        pl.col("touch_id").is_in(accepted.implode()).alias("is_accepted"),
    )
    by_partner = (
        own.group_by("partner_id")
        .agg(
            touches=pl.len(), linked=pl.col("is_linked").sum(), accepted=pl.col("is_accepted").sum()
        )
        .join(partners.select("partner_id", "manager", partner="name"), on="partner_id", how="left")
        .sort("touches", "partner_id", descending=[True, False])
    )
    late = None
    if changes is not None:
        added = changes.lazy().filter(table="touches", change="added").select(touch_id="record_id")
        earlier = touches.filter(day < first).join(added, on="touch_id", how="semi")
        late = earlier.select(pl.len()).collect().item()
    return Week(
        touches=own.height,
        linked=int(own["is_linked"].sum()),
        accepted=accepted.len(),
        by_partner=by_partner,
        late=late,
    )


def _new_touches(week: Week) -> Section:
    said = [
        f"{formats.counted(week.touches, 'touch', 'touches')} by "
        f"{formats.counted(week.by_partner.height, 'partner')}: {week.linked:,} with a link to "
        f"evidence, {week.accepted:,} that the definition counts for an opportunity."
        if week.touches
        else "No partner did anything in these days that the data knows of."
    ]
    if week.late is None:
        said.append(
            "What came in late is not known: the sources were not compared with a reading before."
        )
    else:
        touches = formats.counted(week.late, "touch", "touches")
        said.append(f"The last reading also brought {touches} of earlier days.")
    rows = [
        (
            text_cell(row["partner"] or row["partner_id"]),
            text_cell(row["manager"]),
            *(Cell(formats.count(row[name])) for name in ("touches", "linked", "accepted")),
        )
        for row in week.by_partner.to_dicts()
    ]
    first, more = shown(rows, where="tables/touches.parquet")
    columns = ("Partner", "Partner manager", "Touches", "With a link", "Count")
    grids = [Grid("By partner, most touches first", columns, first, figures_from=2, more=more)]
    return Section("New touches", tuple(said), tuple(grids) if rows else ())


def unproven_claims(attribution: pl.DataFrame, opportunities: pl.DataFrame) -> pl.DataFrame:
    """The open opportunities that would have a stronger class if no evidence were asked for.

    The columns of the attribution and `probability`; the likeliest to close first, then the
    largest. One without a probability comes last.
    """
    strength = {"direct": 0, "influenced": 1, "sourced": 2}
    own, claimed = (
        pl.col(name).replace_strict(strength, return_dtype=pl.Int8)
        for name in ("classification", "claimed_classification")
    )
    return (
        attribution.filter(pl.col("status") == "open", claimed > own)
        .join(opportunities.select("opportunity_id", "probability"), on="opportunity_id")
        .sort(
            "probability",
            "amount_reporting",
            "opportunity_id",
            descending=[True, True, False],
            nulls_last=True,
        )
    )


def _claims(
    tables: Mapping[type[Contract], pl.DataFrame], *, params: RunParams, definition: Definition
) -> Section:
    title = "Open claims without evidence"
    if not definition.evidence_required:
        said = "The definition asks for no link to evidence: no claim waits for one."
        return Section(title, (said,))
    claims = unproven_claims(tables[OpportunityAttribution], tables[Opportunities])
    if claims.is_empty():
        return Section(title, ("No open opportunity would have a stronger class with a link.",))
    near = claims.filter(pl.col("probability") >= LIKELY).height
    count = formats.counted(claims.height, "open opportunity", "open opportunities")
    said = (
        f"{count} would have a stronger class with a link; {near:,} of them at a probability of "
        f"{LIKELY * 100:.0f}{formats.SPACE}% or more, as the CRM has it. The data has no expected "
        "close day: the likeliest come first."
    )
    rows = [
        (
            opportunity_cell(row, record_url=params.record_url),
            Cell(f"{row['classification']} → {row['claimed_classification']}"),
            text_cell(row["stage"]),
            text_cell(row["owner"]),
            Cell(
                formats.UNKNOWN
                if row["probability"] is None
                else f"{row['probability'] * 100:.0f}{formats.SPACE}%"
            ),
            amount_cell(row, currency=params.reporting_currency),
        )
        for row in _named(tables, claims, "primary_partner_id")
    ]
    first, more = shown(rows, where="tables/opportunity_attribution.parquet")
    columns = ("Opportunity", "With a link", "Stage", "Owner", "Likely", "Amount")
    grid = Grid("The likeliest to close first", columns, first, figures_from=4, more=more)
    return Section(title, (said,), (grid,))


def waiting_touches(
    tables: Mapping[type[Contract], pl.DataFrame],
    touches: pl.LazyFrame,
    audit: pl.LazyFrame,
    *,
    params: RunParams,
    definition: Definition,
) -> pl.DataFrame:
    """The touches on open opportunities that would count if somebody supplied what they lack.

    One row per touch and opportunity: the touch's columns, `opportunity_id` being the one it would
    count for, with `amount_reporting` and `role`; the largest opportunity first. What is lacking
    is what the gates of the definition require and a person can supply: a link, the partner's
    person, a seller's acceptance. A touch that another gate or its day keeps out is not there.
    """
    open_ones = tables[OpportunityAttribution].filter(status="open")
    lacking = (
        audit.filter(pl.col("reason").is_in(_WAITING_REASONS))
        .join(open_ones.lazy(), on="opportunity_id", how="semi")
        .select("touch_id", "opportunity_id")
        .collect()
    )
    own = touches.join(lacking.lazy(), on="touch_id", how="semi").collect()
    facts = snapshot(
        opportunities=tables[Opportunities],
        touches=own,
        partners=tables[Partners],
        account_merges=cast("DataFrame[AccountMerges] | None", tables.get(AccountMerges)),
        fx_rates=tables.get(FxRates),
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    gates = definition.gates.model_copy(update=dict.fromkeys(_SUPPLIED, "optional"))
    supplied = definition.model_copy(update={"gates": gates})
    would_count = pl.concat(touch_audit(facts, supplied)).filter(decision="accepted")
    key = ["touch_id", "opportunity_id"]
    return (
        lacking.join(would_count.select(*key, "role"), on=key)
        .join(own.drop("opportunity_id"), on="touch_id")
        .join(open_ones.select("opportunity_id", "amount_reporting"), on="opportunity_id")
        .sort(
            "amount_reporting",
            "opportunity_id",
            "touch_id",
            descending=[True, False, False],
            nulls_last=True,
        )
    )


def _waiting_touches(
    tables: Mapping[type[Contract], pl.DataFrame],
    waiting: pl.DataFrame,
    *,
    params: RunParams,
    definition: Definition,
) -> Section:
    title = "Touches that wait for a link or a person"
    gates = definition.gates
    asked = [said for key, said in _SUPPLIED.items() if getattr(gates, key) == "required"]
    if definition.basis == "crm_field" or not asked:
        said = "The definition asks for neither: no touch waits."
        return Section(title, (said,))
    if waiting.is_empty():
        return Section(title, ("No touch on an open opportunity waits for one.",))
    said = (
        f"{formats.counted(waiting.height, 'touch', 'touches')} on open opportunities would count "
        "if somebody supplied what is missing, the largest opportunity first. Touches that would "
        "not count with it either, because of their day or another gate, are not listed."
    )
    rows = [
        (
            opportunity_cell(row, record_url=params.record_url),
            Cell(
                f"{kind_in_words(row['touch_type'])}, {row['touched_on']}",
                note=formats.printable(row["touch_id"]),
            ),
            text_cell(row["partner"] or row["partner_id"]),
            Cell(conjunction([words for column, words in asked if row[column] is None])),
            text_cell(row["logged_by"]),
            amount_cell(row, currency=params.reporting_currency),
        )
        for row in _named(
            tables,
            waiting.with_columns(touched_on=local_day("touched_at", params.timezone)),
            "partner_id",
        )
    ]
    first, more = shown(rows, where="tables/touch_audit.parquet")
    columns = ("Opportunity", "Touch", "Partner", "Waits for", "Logged by", "Amount")
    grid = Grid(
        "The largest opportunity first",
        columns,
        first,
        figures_from=5,
        more=more,
    )
    return Section(title, (said,), (grid,))


def pending_handoffs(
    handoffs: pl.DataFrame, attribution: pl.DataFrame, *, params: RunParams
) -> pl.DataFrame:
    """The handoffs that nobody had answered on the as-of day.

    The columns of the handoffs, `days_waiting` (calendar days), and `status` and
    `amount_reporting` of the opportunity. Those on an open opportunity come first, the largest
    before the others; then those without an opportunity; last those whose opportunity has closed;
    what was sent last comes first.
    """
    sent, answered = (local_day(name, params.timezone) for name in ("sent_at", "responded_at"))
    is_pending = (pl.col("response") == "pending") | (answered > params.as_of)
    known = attribution.select("opportunity_id", "status", "amount_reporting")
    return (
        handoffs.filter((sent <= params.as_of) & is_pending.fill_null(value=False))
        .join(known, on="opportunity_id", how="left")
        .with_columns(days_waiting=(pl.lit(params.as_of) - sent).dt.total_days())
        .sort(
            pl.when(pl.col("status") == "open")
            .then(0)
            .when(pl.col("status").is_null())
            .then(1)
            .otherwise(2),
            pl.when(status="open").then("amount_reporting"),
            "days_waiting",
            "handoff_id",
            descending=[False, True, False, False],
            nulls_last=True,
        )
    )


def _handoffs(tables: Mapping[type[Contract], pl.DataFrame], *, params: RunParams) -> Section:
    title = "Handoffs without an answer"
    if Handoffs not in tables:
        said = "The source has no handoffs: whether any waits for an answer is not known."
        return Section(title, (said,))
    pending = pending_handoffs(tables[Handoffs], tables[OpportunityAttribution], params=params)
    if pending.is_empty():
        return Section(title, ("Every handoff was answered.",))
    closed = pending.filter(pl.col("status").is_in(["won", "lost"])).height
    longest = max(pending["days_waiting"])
    said = (
        f"{formats.counted(pending.height, 'handoff waits', 'handoffs wait')}, the longest for "
        f"{longest:,} days. Those on an open opportunity come first, then what was sent last. "
        f"The opportunity of {closed:,} has closed meanwhile: there only the answer is missing."
    )
    accounts = tables[Accounts].select("account_id", account="name")
    rows = [
        (
            text_cell(row["handoff_id"]),
            Cell(row["direction"].replace("_", " ")),
            text_cell(row["partner"] or row["partner_id"]),
            _about(row, params=params),
            text_cell(row["seller"]),
            Cell(formats.count(row["days_waiting"])),
        )
        for row in _named(
            tables,
            pending.join(accounts, on="account_id", how="left", maintain_order="left"),
            "partner_id",
        )
    ]
    first, more = shown(rows, where="tables/handoffs.parquet")
    columns = ("Handoff", "Direction", "Partner", "About", "Seller", "Days")
    grid = Grid("Open opportunities first", columns, first, figures_from=5, more=more)
    return Section(title, (said,), (grid,))


def _about(row: dict[str, Any], *, params: RunParams) -> Cell:
    """The opportunity of a handoff; its account where there is none."""
    if row["opportunity_id"] is None:
        return text_cell(row["account"] or row["account_id"])
    return opportunity_cell(row, record_url=params.record_url)


def _named(
    tables: Mapping[type[Contract], pl.DataFrame], rows: pl.DataFrame, partner_column: str
) -> list[dict[str, Any]]:
    return with_names(
        rows,
        opportunities=tables[Opportunities],
        partners=tables[Partners],
        partner_column=partner_column,
    )
