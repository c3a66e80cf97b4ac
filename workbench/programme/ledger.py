"""The payout ledger: what was booked stays, and what changed is reversed and booked anew."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import PayoutLedger
from workbench.definitions import Definition
from workbench.metrics import MetricInputs
from workbench.params import RunParams
from workbench.programme.entitlements import entitlements, terms_in_force
from workbench.programme.terms import Programme

_KEY: Final = ["opportunity_id", "partner_id"]
# What must be the same for a booking to stand.
_BOOKED: Final = ("classification", "base_amount", "rate", "amount")


@dataclass(frozen=True)
class Payouts:
    """The whole ledger after this run, and what is to be said of it."""

    ledger: pl.DataFrame
    said: tuple[str, ...]


def payouts(
    programme: Programme | None,
    inputs: MetricInputs,
    *,
    before: pl.DataFrame | None,
    definition: Definition,
    params: RunParams,
) -> Payouts:
    """The ledger of the run before, and the entries that bring it to what is due today.

    One row per entry, in the reporting currency. An entry never changes: a booking that no longer
    holds is reversed whole, and what is due instead is booked anew, so that the entries of an
    opportunity add up to what is due for it. A draft's entries are proposals: a run carries on what
    was booked before, without them. Where nothing may be booked, the ledger stays as it was and
    the reason is said.
    """
    carried = PayoutLedger.empty() if before is None else before
    booked = carried.filter(~pl.col("is_draft"))
    if programme is None:
        return Payouts(booked, ("No programme is named, so nothing is paid.",))
    refused = _refusals(programme, definition, booked, params)
    if refused:
        return Payouts(booked, refused)
    is_reversed = pl.col("entry_id").is_in(booked["reverses_entry_id"].drop_nulls().implode())
    standing = booked.filter((pl.col("kind") == "accrual") & ~is_reversed)
    settled = _settled(standing, programme, params)
    due = entitlements(
        programme, inputs, settled=settled, first_booked=_first_booked(booked), params=params
    )
    open_bookings = standing.join(settled, on="opportunity_id", how="anti")
    reversals, accruals = _changes(open_bookings, due, inputs, params)
    last = booked["entry_id"].max() or 0
    entries = (
        pl.concat([reversals, accruals], how="diagonal_relaxed")
        .sort("opportunity_id", "partner_id", "kind", descending=[False, False, True])
        .with_columns(
            pl.int_range(1, pl.len() + 1).cast(pl.Int64).alias("place"),
            pl.lit(params.as_of).alias("booked_on"),
            pl.lit(params.period).alias("period"),
            pl.lit(definition.id).alias("definition_id"),
            pl.lit(definition.version, pl.Int64).alias("definition_version"),
            pl.lit(programme.version, pl.Int64).alias("programme_version"),
            pl.lit(programme.is_draft_under(definition)).alias("is_draft"),
        )
        .with_columns((pl.col("place") + last).alias("entry_id"))
        .select(pl.col(name).cast(dtype) for name, dtype in PayoutLedger.dtypes().items())
    )
    ledger = pl.concat([booked, entries])
    return Payouts(ledger, _in_words(programme, definition, entries, ledger, params))


def _refusals(
    programme: Programme, definition: Definition, booked: pl.DataFrame, params: RunParams
) -> tuple[str, ...]:
    """Why this run may book nothing; nothing where it may."""
    refused = []
    if definition.id != programme.definition:
        refused.append(
            f"Nothing is booked: the programme pays by the definition {programme.definition}, and "
            f"this run is under {definition.id}."
        )
    if not definition.credit.is_additive:
        refused.append(
            f"Nothing is booked: the credit of the model {definition.credit.model} adds up to more "
            "than the amount, so paying it would pay an opportunity several times."
        )
    later = booked.filter(pl.col("booked_on") > params.as_of)["booked_on"].sort()
    if not later.is_empty():
        refused.append(
            f"Nothing is booked: the ledger goes to {later[-1]}, and this run is as of "
            f"{params.as_of}."
        )
    return tuple(refused)


def _settled(standing: pl.DataFrame, programme: Programme, params: RunParams) -> pl.DataFrame:
    """The standing bookings of opportunities that closed too long ago to claw anything back."""
    last_day = pl.col("closed_on").dt.offset_by(pl.concat_str("clawback_days", pl.lit("d")))
    old = terms_in_force(standing, programme).filter(last_day < params.as_of)
    return standing.join(old.select("opportunity_id"), on="opportunity_id", how="semi")


def _first_booked(booked: pl.DataFrame) -> pl.DataFrame:
    """Type and tier of each opportunity's partner when it was booked for the first time."""
    return (
        booked.sort("entry_id")
        .unique(_KEY, keep="first", maintain_order=True)
        .select(
            *_KEY,
            pl.col("partner_type").alias("first_partner_type"),
            pl.col("tier").alias("first_tier"),
        )
    )


def _changes(
    bookings: pl.DataFrame, due: pl.DataFrame, inputs: MetricInputs, params: RunParams
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reversals of the bookings that no longer hold, and accruals of what is due and not booked."""
    now = due.select(*_KEY, pl.col(_BOOKED).name.suffix("_now"))
    compared = bookings.join(now, on=_KEY, how="left")
    holds = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in _BOOKED)
    broken = _with_state(compared.filter(~holds), inputs, params)
    reversals = broken.with_columns(
        pl.lit("reversal").alias("kind"),
        pl.col("entry_id").alias("reverses_entry_id"),
        -pl.col("base_amount"),
        -pl.col("amount"),
        _why_reversed().alias("reason"),
    ).select(*bookings.columns)
    accruals = due.join(compared.filter(holds), on=_KEY, how="anti").with_columns(
        pl.lit("accrual").alias("kind"), _why_due().alias("reason")
    )
    columns = [name for name in bookings.columns if name in accruals.columns]
    return reversals, accruals.select(columns)


def _with_state(bookings: pl.DataFrame, inputs: MetricInputs, params: RunParams) -> pl.DataFrame:
    """The bookings with what their opportunities are now; null where they are gone."""
    is_won = (pl.col("status") == "won") & (local_day("closed_at", params.timezone) <= params.as_of)
    opportunities = inputs.attribution.select(
        "opportunity_id",
        is_won.fill_null(value=False).alias("is_won"),
        pl.col("classification").alias("class_now"),
        pl.col("amount_reporting").is_not_null().alias("has_amount"),
    )
    credited = inputs.credit.select(*_KEY, is_credited=pl.lit(value=True))
    return bookings.join(opportunities, on="opportunity_id", how="left").join(
        credited, on=_KEY, how="left"
    )


def _why_reversed() -> pl.Expr:
    changed = [
        pl.when(pl.col(name) != pl.col(f"{name}_now")).then(
            pl.concat_str(
                pl.lit(f"{word}: "),
                pl.col(name).cast(pl.String),
                pl.lit(" before, now "),
                pl.col(f"{name}_now").cast(pl.String),
            )
        )
        for name, word in (("classification", "class"), ("base_amount", "credited amount"))
    ]
    return (
        pl.when(pl.col("amount_now").is_not_null())
        .then(pl.coalesce(*changed, pl.lit("the terms or what a cap leaves changed")))
        .when(pl.col("is_won").is_null())
        .then(pl.lit("the opportunity is gone from the data"))
        .when(~pl.col("is_won"))
        .then(pl.lit("no longer won"))
        .when(pl.col("class_now") == "direct")
        .then(pl.lit("class: direct now"))
        .when(pl.col("is_credited").is_null())
        .then(pl.lit("the credit is another partner's now"))
        .when(~pl.col("has_amount"))
        .then(pl.lit("its amount is no longer known"))
        .otherwise(pl.lit("no rate of the terms fits it now, or its evidence is gone"))
    )


def _why_due() -> pl.Expr:
    percent = (pl.col("rate").cast(pl.Float64) * 100).round(4).cast(pl.String)
    return pl.concat_str(
        pl.lit("won, "),
        "classification",
        pl.lit(": "),
        percent.str.strip_suffix(".0"),
        pl.lit(" % of the credited amount"),
        pl.when("is_capped").then(pl.lit(", cut to what the caps leave")).otherwise(pl.lit("")),
    )


def _in_words(
    programme: Programme,
    definition: Definition,
    entries: pl.DataFrame,
    ledger: pl.DataFrame,
    params: RunParams,
) -> tuple[str, ...]:
    currency, verb = params.reporting_currency, "books"
    said = []
    if programme.is_draft_under(definition):
        lacking = [
            word
            for word, approved in (
                ("the programme", bool(programme.approvals)),
                ("the definition", definition.is_approved),
            )
            if not approved
        ]
        said.append(
            f"DRAFT: nobody has approved {' or '.join(lacking)}. These entries are proposals, and "
            "nothing of them is payable."
        )
        verb = "proposes"
    accruals, reversals = (entries.filter(kind=kind) for kind in ("accrual", "reversal"))
    said.append(
        f"This run {verb} {_counted(accruals, 'accrual')} of {accruals['amount'].sum():,} "
        f"{currency} and {_counted(reversals, 'reversal')} of {reversals['amount'].sum():,} "
        f"{currency}; with what was booked before, the ledger adds up to "
        f"{ledger['amount'].sum():,} {currency}."
    )
    return tuple(said)


def _counted(rows: pl.DataFrame, noun: str) -> str:
    return f"1 {noun}" if rows.height == 1 else f"{rows.height:,} {noun}s"
