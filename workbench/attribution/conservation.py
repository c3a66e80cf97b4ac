"""What must add up on every run; a run in which it does not is stopped."""

import polars as pl

from workbench.attribution.classification import Attribution
from workbench.attribution.facts import Snapshot
from workbench.attribution.money import converted
from workbench.definitions import Definition
from workbench.errors import ConservationError
from workbench.vocabulary import CLASSIFICATIONS


def check_conservation(facts: Snapshot, definition: Definition, result: Attribution) -> list[str]:
    """The identities that hold, each as a sentence with its figures.

    Raises ConservationError with those that do not: every touch is audited, every opportunity has
    one class, the credit of an additive model adds up to the amount per opportunity and in total,
    and the classes add up to the CRM's total, to the cent.
    """
    checks = [
        _touches_are_audited(facts, result),
        _opportunities_have_one_class(facts, result),
        _classes_add_up(facts, definition, result),
    ]
    if definition.credit.is_additive:
        checks += [_credit_adds_up(result), _partners_add_up(result)]
    broken = [sentence for holds, sentence in checks if not holds]
    if broken:
        raise ConservationError(broken)
    return [sentence for _, sentence in checks]


def _touches_are_audited(facts: Snapshot, result: Attribution) -> tuple[bool, str]:
    expected = facts.touches.height
    touch_ids = facts.touch_rows.select("touch_id").collect().to_series()
    audited = result.touch_audit["touch_id"].unique().is_in(touch_ids.implode())
    return (
        audited.all() and audited.len() == expected,
        f"{audited.len():,} of {expected:,} touches have a row in the audit.",
    )


def _opportunities_have_one_class(facts: Snapshot, result: Attribution) -> tuple[bool, str]:
    expected = facts.opportunities["opportunity_id"].sort()
    classified = result.opportunity_attribution["opportunity_id"].sort()
    return (
        classified.equals(expected),
        f"{classified.len():,} rows classify {expected.len():,} opportunities.",
    )


def _classes_add_up(
    facts: Snapshot, definition: Definition, result: Attribution
) -> tuple[bool, str]:
    in_crm = facts.opportunities.select(
        "opportunity_id", converted(pl.col(definition.amount), pl.col("rate")).alias("in_crm")
    )
    classified = result.opportunity_attribution.filter(
        pl.col("classification").is_in(CLASSIFICATIONS)
    )
    compared = in_crm.join(classified, on="opportunity_id")
    kept = compared.filter(pl.col("amount_reporting").eq_missing(pl.col("in_crm"))).height
    total, crm_total = classified["amount_reporting"].sum(), in_crm["in_crm"].sum()
    return (
        total == crm_total and kept == in_crm.height,
        (
            f"Sourced, influenced and direct add up to {total:,}; the CRM's total is "
            f"{crm_total:,}, and {kept:,} of {in_crm.height:,} opportunities keep its amount."
        ),
    )


def _credit_adds_up(result: Attribution) -> tuple[bool, str]:
    credited = result.partner_credit.group_by("opportunity_id").agg(
        pl.col("credited_amount").sum(),
        pl.col("credited_amount").count().alias("known"),
        pl.len().alias("partners"),
        pl.col("share").sum(),
    )
    to_credit = result.opportunity_attribution.filter(
        (pl.col("classification") != "direct") & pl.col("primary_partner_id").is_not_null()
    )
    compared = to_credit.join(credited, on="opportunity_id", how="full", coalesce=True)
    adds_up = (
        pl.when(pl.col("amount_reporting").is_null())
        .then(pl.col("known") == 0)
        .otherwise(
            (pl.col("credited_amount") == pl.col("amount_reporting"))
            & (pl.col("known") == pl.col("partners"))
        )
    ) & ((pl.col("share") - 1).abs() <= 1e-9)
    is_due = pl.col("classification").is_not_null()
    whole = compared.filter(is_due & adds_up).height
    return (
        whole == compared.height,
        f"Credit adds up to the amount in {whole:,} of {compared.height:,} opportunities.",
    )


def _partners_add_up(result: Attribution) -> tuple[bool, str]:
    credited_to = result.partner_credit.select("opportunity_id").unique()
    total = (
        result.opportunity_attribution.join(credited_to, on="opportunity_id", how="semi")
        .get_column("amount_reporting")
        .sum()
    )
    by_partner = result.partner_credit.group_by("partner_id").agg(pl.col("credited_amount").sum())
    credited = by_partner["credited_amount"].sum()
    return (
        credited == total,
        f"The partners' credit adds up to {credited:,}; their opportunities to {total:,}.",
    )
