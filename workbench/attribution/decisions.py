"""Which pairs of touch and opportunity a definition accepts, in what role, and why not others."""

from typing import Final

import polars as pl

from workbench.attribution.facts import ACCOUNT_ANY, ACCOUNT_FIRST, OWN_LINK, Snapshot
from workbench.definitions import Bound, Definition, Rule
from workbench.vocabulary import REJECTION_REASONS, ROLES

Reasons: Final = pl.Enum(REJECTION_REASONS)
Roles: Final = pl.Enum(ROLES)

_FARTHEST_REACH: Final = {"none": OWN_LINK, "first": ACCOUNT_FIRST, "all": ACCOUNT_ANY}
_DECIDED: Final = (
    "touch",
    "opportunity",
    "partner",
    "touch_type",
    "from_created",
    "from_closed",
    "reason",
    "rule",
    "role",
    "is_claimed",
)
_ANCHOR_DAYS: Final = {"created": "from_created", "closed": "from_closed"}


def decided_pairs(facts: Snapshot, definition: Definition) -> pl.DataFrame:
    """The pairs of a definition, each with its decision.

    One row per touch and opportunity that the definition pairs, in their order: what classes and
    credit need of the pair's facts, `reason` (null when accepted), `rule` and `role` of the first
    rule that holds it, and `is_claimed`: accepted but for the evidence gate.
    """
    role_of_rule = {number: rule.role for number, rule in enumerate(definition.rules)}
    reasons = _reasons(definition)
    claimed = pl.all_horizontal(~holds for reason, holds in reasons if reason != "no_evidence")
    first_reason = pl.coalesce(
        pl.when(holds).then(pl.lit(reason, Reasons)) for reason, holds in reasons
    )
    return (
        facts.pairs.lazy()
        .filter(_is_paired(definition))
        .with_columns(_first_rule(definition).alias("rule"))
        .with_columns(first_reason.alias("reason"), claimed.alias("is_claimed"))
        .with_columns(
            pl.col("rule")
            .replace_strict(role_of_rule, default=None, return_dtype=Roles)
            .alias("role")
        )
        .select(_DECIDED)
        .collect()
    )


def touch_audit(facts: Snapshot, definition: Definition, pairs: pl.DataFrame) -> pl.LazyFrame:
    """What became of every touch: one row per pair, and one per touch without a pair, in order.

    `pairs` is what `decided_pairs` gives. Sunk into a file, the audit is never whole in memory.
    """
    accepted = pl.col("reason").is_null()
    decided = pairs.lazy().select(
        "touch",
        "opportunity",
        pl.when(accepted).then("role").alias("role"),
        "reason",
        pl.when(accepted).then("rule").alias("rule"),
    )
    reason = "not_consulted" if definition.basis == "crm_field" else "no_opportunity"
    unpaired = (
        _unpaired_touches(facts, pairs)
        .to_frame()
        .lazy()
        .select(
            "touch",
            pl.lit(None, pl.UInt32).alias("opportunity"),
            pl.lit(None, Roles).alias("role"),
            pl.lit(reason, Reasons).alias("reason"),
            pl.lit(None, pl.UInt8).alias("rule"),
        )
    )
    return _in_words(facts, decided.merge_sorted(unpaired, key="touch"))


def _is_paired(definition: Definition) -> pl.Expr:
    if definition.basis == "crm_field":
        return pl.lit(False)  # noqa: FBT003
    return pl.col("reach") <= _FARTHEST_REACH[definition.account_touches]


def _unpaired_touches(facts: Snapshot, pairs: pl.DataFrame) -> pl.Series:
    """The touches that are paired with no opportunity."""
    is_unpaired = pl.repeat(True, facts.touches.height, eager=True)  # noqa: FBT003
    return facts.touches["touch"].filter(is_unpaired.scatter(pairs["touch"], False))  # noqa: FBT003


def _in_words(facts: Snapshot, audit: pl.LazyFrame) -> pl.LazyFrame:
    """The audit with ids and words instead of numbers."""
    accepted = pl.col("reason").is_null()
    touch, own_link = pl.col("touch"), pl.col("opportunity_id")
    by_account = pl.when(own_link.is_null()).then("opportunity")
    return audit.with_columns(_looked_up(touch, facts.touches["opportunity_id"])).select(
        _looked_up(touch, facts.touches["touch_id"]),
        pl.coalesce(own_link, _looked_up(by_account, facts.opportunities["opportunity_id"])),
        _looked_up(touch, facts.touches["partner_id"]),
        _looked_up(touch, facts.touches["touch_type"]).cast(pl.String),
        _looked_up(touch, facts.touches["touched_at"]),
        pl.when(accepted).then(pl.lit("accepted")).otherwise(pl.lit("rejected")).alias("decision"),
        pl.col("role").cast(pl.String),
        pl.col("reason").cast(pl.String),
        pl.col("rule").cast(pl.Int64),
    )


def _looked_up(number: pl.Expr, values: pl.Series) -> pl.Expr:
    """The value at each row number: like `gather`, but batch by batch."""
    return number.map_batches(values.gather, return_dtype=values.dtype, is_elementwise=True).alias(
        values.name
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
    numbers = (
        pl.when(_fits(rule)).then(pl.lit(number, pl.UInt8))
        for number, rule in enumerate(definition.rules)
    )
    return pl.coalesce(*numbers, pl.lit(None, pl.UInt8))


def _fits(rule: Rule) -> pl.Expr:
    fits = pl.col("touch_type").is_in(rule.touch_types)
    if rule.start is not None:
        fits &= _days_from(rule.start) >= rule.start.days
    if rule.end is not None:
        fits &= _days_from(rule.end) <= rule.end.days
    return fits


def _days_from(bound: Bound) -> pl.Expr:
    return pl.col(_ANCHOR_DAYS[bound.anchor])
