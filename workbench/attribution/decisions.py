"""Which pairs of touch and opportunity a definition accepts, in what role, and why not others."""

from typing import Final

import polars as pl

from workbench.attribution.facts import ACCOUNT_ANY, ACCOUNT_FIRST, OWN_LINK, Snapshot
from workbench.definitions import Bound, Definition, Rule
from workbench.vocabulary import REJECTION_REASONS, ROLES

Reasons: Final = pl.Enum(REJECTION_REASONS)
Roles: Final = pl.Enum(ROLES)

_FARTHEST_REACH: Final = {"none": OWN_LINK, "first": ACCOUNT_FIRST, "all": ACCOUNT_ANY}
_ANCHOR_DAYS: Final = {"created": "from_created", "closed": "from_closed"}


def decided_pairs(facts: Snapshot, definition: Definition) -> pl.DataFrame:
    """The pairs of a definition, each with its decision.

    One row per touch and opportunity that the definition pairs: the pair's facts, `reason` (null
    when accepted), `rule` and `role` of the first rule that holds it, and `is_claimed`: accepted
    but for the evidence gate.
    """
    role_of_rule = {number: rule.role for number, rule in enumerate(definition.rules)}
    reasons = _reasons(definition)
    claimed = pl.all_horizontal(~holds for reason, holds in reasons if reason != "no_evidence")
    first_reason = pl.coalesce(
        pl.when(holds).then(pl.lit(reason, Reasons)) for reason, holds in reasons
    )
    return (
        facts.pairs.lazy()
        .filter(pl.col("reach") <= _FARTHEST_REACH[definition.account_touches])
        .with_columns(_first_rule(definition).alias("rule"))
        .with_columns(first_reason.alias("reason"), claimed.alias("is_claimed"))
        .with_columns(
            pl.col("rule")
            .replace_strict(role_of_rule, default=None, return_dtype=Roles)
            .alias("role")
        )
        .collect()
    )


def unpaired_touches(facts: Snapshot, definition: Definition) -> pl.DataFrame:
    """The touches that the definition pairs with no opportunity."""
    return facts.touches.filter(pl.col("reach") > _FARTHEST_REACH[definition.account_touches])


def touch_audit(facts: Snapshot, definition: Definition, pairs: pl.DataFrame) -> pl.DataFrame:
    """What became of every touch: one row per pair, and one per touch without a pair."""
    accepted = pl.col("reason").is_null()
    touch = pairs["touch"]
    of_pairs = pairs.select(
        facts.touches["touch_id"].gather(touch),
        facts.opportunities["opportunity_id"].gather(pairs["opportunity"]),
        facts.touches["partner_id"].gather(touch),
        pl.col("touch_type").cast(pl.String),
        "touched_at",
        pl.when(accepted).then(pl.lit("accepted")).otherwise(pl.lit("rejected")).alias("decision"),
        pl.when(accepted).then(pl.col("role").cast(pl.String)).alias("role"),
        pl.col("reason").cast(pl.String),
        pl.when(accepted).then(pl.col("rule").cast(pl.Int64)).alias("rule"),
    )
    return pl.concat(
        [of_pairs, _rejected(unpaired_touches(facts, definition), reason="no_opportunity")]
    )


def touches_not_consulted(facts: Snapshot) -> pl.DataFrame:
    """The audit of a definition that asks the CRM alone: one rejected row per touch."""
    return _rejected(facts.touches, reason="not_consulted")


def _rejected(touches: pl.DataFrame, *, reason: str) -> pl.DataFrame:
    return touches.select(
        "touch_id",
        "opportunity_id",
        "partner_id",
        pl.col("touch_type").cast(pl.String),
        "touched_at",
        pl.lit("rejected").alias("decision"),
        pl.lit(None, pl.String).alias("role"),
        pl.lit(reason).alias("reason"),
        pl.lit(None, pl.Int64).alias("rule"),
    )


def _reasons(definition: Definition) -> list[tuple[str, pl.Expr]]:
    """Each reason with what makes it hold, in the order in which they are tried."""
    gates = definition.gates
    reasons: list[tuple[str, pl.Expr]] = [
        ("after_as_of", pl.col("is_after_as_of")),
        ("unknown_partner", pl.col("partner").is_null()),
        (
            "opportunity_type_excluded",
            ~pl.col("opportunity_type").is_in(definition.opportunity_types),
        ),
        ("touch_type_not_in_rules", ~pl.col("touch_type").is_in(sorted(definition.touch_types))),
    ]
    if gates.evidence == "required":
        reasons.append(("no_evidence", ~pl.col("has_evidence")))
    if gates.partner_contact == "required":
        reasons.append(("no_partner_contact", ~pl.col("has_contact")))
    if gates.seller_acceptance == "required":
        reasons.append(("not_accepted_by_seller", ~pl.col("is_accepted_by_seller")))
    if gates.logged_within_days is not None:
        in_time = pl.col("days_to_log") <= gates.logged_within_days
        reasons.append(("logged_late", ~in_time.fill_null(value=False)))
    if gates.logged_before_close:
        reasons.append(("logged_after_close", pl.col("is_logged_after_close")))
    reasons.append(("after_close", pl.col("from_closed") > 0))
    reasons.append(("outside_window", pl.col("rule").is_null()))
    return reasons


def _first_rule(definition: Definition) -> pl.Expr:
    """The number of the first rule that lists the touch's type and whose window holds its day."""
    return pl.coalesce(
        pl.when(_fits(rule)).then(pl.lit(number, pl.UInt8))
        for number, rule in enumerate(definition.rules)
    )


def _fits(rule: Rule) -> pl.Expr:
    fits = pl.col("touch_type").is_in(rule.touch_types)
    if rule.start is not None:
        fits &= _days_from(rule.start) >= rule.start.days
    if rule.end is not None:
        fits &= _days_from(rule.end) <= rule.end.days
    return fits


def _days_from(bound: Bound) -> pl.Expr:
    return pl.col(_ANCHOR_DAYS[bound.anchor])
