"""Which pairs of touch and opportunity a definition accepts, in what role, and why not others."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import polars as pl

from workbench.attribution.facts import ACCOUNT_ANY, ACCOUNT_FIRST, OWN_LINK, Snapshot
from workbench.definitions import Bound, Definition, Rule
from workbench.vocabulary import REJECTION_REASONS, ROLES

Reasons: Final = pl.Enum(REJECTION_REASONS)
Roles: Final = pl.Enum(ROLES)

_FARTHEST_REACH: Final = {"none": OWN_LINK, "first": ACCOUNT_FIRST, "all": ACCOUNT_ANY}
_CLAIMED: Final = (
    "touch",
    "opportunity",
    "partner",
    "touch_type",
    "from_created",
    "from_closed",
    "role",
    "is_accepted",
)
_AUDITED: Final = ("touch", "opportunity", "role", "reason", "rule")
_WORDS: Final = ("touch_id", "opportunity_id", "partner_id", "touch_type", "touched_at")
_BLOCK: Final = 1_000_000  # how many touches are audited at a time
_ANCHOR_DAYS: Final = {"created": "from_created", "closed": "from_closed"}


def claimed_pairs(facts: Snapshot, definition: Definition) -> pl.DataFrame:
    """The pairs that a definition accepts, or would accept but for its evidence gate.

    One row per touch and opportunity, in their order: what classes and credit need of the pair's
    facts, `role` of the first rule that holds it, and `is_accepted`.
    """
    return (
        _decided(facts.pairs, definition)
        .filter("is_claimed")
        .with_columns(pl.col("reason").is_null().alias("is_accepted"))
        .select(_CLAIMED)
        .collect(engine="streaming")
        .rechunk()
    )


def touch_audit(facts: Snapshot, definition: Definition) -> Iterator[pl.DataFrame]:
    """What became of every touch: one row per pair, and one per touch without a pair, in order.

    It comes in blocks of touches, so that it need not be whole in memory; there is at least one.
    """
    starts = pl.Series(range(0, max(facts.touches.height, 1), _BLOCK), dtype=pl.UInt32)
    bounds = [*facts.pairs["touch"].search_sorted(starts), facts.pairs.height]
    for start, (first, end) in zip(starts, pairwise(bounds), strict=True):
        words = facts.touch_rows.select(_WORDS).slice(start, _BLOCK).collect().rechunk()
        decided = _decided(facts.pairs[first:end], definition).select(_AUDITED).collect()
        is_unpaired = pl.repeat(True, words.height, eager=True).scatter(  # noqa: FBT003
            decided["touch"] - start,
            False,  # noqa: FBT003
        )
        unpaired = is_unpaired.arg_true() + start
        rows = decided.merge_sorted(_rejected(unpaired, definition), key="touch")
        yield _in_words(rows, words[rows["touch"] - start], facts)


def _decided(pairs: pl.DataFrame, definition: Definition) -> pl.LazyFrame:
    """The facts of those that the definition pairs, each with its decision.

    `reason` is null when the pair is accepted; `rule` and `role` are those of the first rule that
    holds it; `is_claimed`: accepted but for the evidence gate.
    """
    role_of_rule = {number: rule.role for number, rule in enumerate(definition.rules)}
    reasons = _reasons(definition)
    claimed = pl.all_horizontal(~holds for reason, holds in reasons if reason != "no_evidence")
    first_reason = pl.coalesce(
        pl.when(holds).then(pl.lit(reason, Reasons)) for reason, holds in reasons
    )
    return (
        pairs.lazy()
        .filter(_is_paired(definition))
        .with_columns(_first_rule(definition).alias("rule"))
        .with_columns(first_reason.alias("reason"), claimed.alias("is_claimed"))
        .with_columns(
            pl.col("rule")
            .replace_strict(role_of_rule, default=None, return_dtype=Roles)
            .alias("role")
        )
    )


def _is_paired(definition: Definition) -> pl.Expr:
    if definition.basis == "crm_field":
        return pl.lit(False)  # noqa: FBT003
    return pl.col("reach") <= _FARTHEST_REACH[definition.account_touches]


def _rejected(unpaired: pl.Series, definition: Definition) -> pl.DataFrame:
    """Rows of the audit for touches that are paired with no opportunity."""
    reason = "not_consulted" if definition.basis == "crm_field" else "no_opportunity"
    return pl.select(
        unpaired.alias("touch"),
        pl.lit(None, pl.UInt32).alias("opportunity"),
        pl.lit(None, Roles).alias("role"),
        pl.lit(reason, Reasons).alias("reason"),
        pl.lit(None, pl.UInt8).alias("rule"),
    )


def _in_words(rows: pl.DataFrame, words: pl.DataFrame, facts: Snapshot) -> pl.DataFrame:
    """Rows of the audit with ids and words instead of numbers; `words` are those of the touches."""
    is_accepted, own_link = pl.col("reason").is_null(), pl.col("opportunity_id")
    by_account = facts.opportunities["opportunity_id"].gather(
        rows["opportunity"].set(words["opportunity_id"].is_not_null(), None)
    )
    return rows.hstack(words).select(
        "touch_id",
        own_link.fill_null(by_account),
        "partner_id",
        "touch_type",
        "touched_at",
        pl.when(is_accepted)
        .then(pl.lit("accepted"))
        .otherwise(pl.lit("rejected"))
        .alias("decision"),
        pl.when(is_accepted).then("role").cast(pl.String).alias("role"),
        pl.col("reason").cast(pl.String),
        pl.when(is_accepted).then("rule").cast(pl.Int64).alias("rule"),
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
