"""The rules put to the tables: what is wrong, who mends it, by when, and how much is right."""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import Contract, QualityFindings, QualityScores
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.quality.catalogue import RULES
from workbench.quality.facts import quality_facts
from workbench.quality.lookups import Tables
from workbench.quality.rule import Rule
from workbench.quality.words import sentence
from workbench.tables import checked


def quality_findings(
    tables: Tables,
    *,
    params: RunParams,
    definition: Definition,
    previous: pl.DataFrame | None,
    previous_summary: pl.DataFrame | None = None,
    rules: Sequence[Rule] = RULES,
) -> DataFrame[QualityFindings]:
    """What is wrong with the data: one row per rule and record that breaks it.

    `previous` are the findings of the last finished run of the same name. A finding that stood
    there keeps the day on which it was first seen; another one is first seen on the day of
    `read_at` in the reporting time zone. It is due `days_to_mend` calendar days later, a finding of
    severity info never. Rules about a table that the source does not have find nothing.

    `tables` may have `ingest_summary`, which some rules compare with the one of the last finished
    run, `previous_summary`. `rules` are those in force: see `rules_in_force`.
    """
    facts = quality_facts(
        tables, params=params, definition=definition, previous_summary=previous_summary
    )
    found = [QualityFindings.empty().drop("first_seen_on", "due_on")]
    for table, records in facts.items():
        own = [rule for rule in rules if rule.table is table]
        key = table.row_order()[0]
        narrow = records.select(_columns_needed(own) | {key}).collect()
        found += [_findings(narrow, rule, key) for rule in own]
    return checked(
        _with_days(
            pl.concat(found),
            rules=rules,
            previous=QualityFindings.empty() if previous is None else previous,
            seen_on=params.read_at.astimezone(params.zone).date(),
        ),
        QualityFindings,
    )


def _columns_needed(rules: Iterable[Rule]) -> set[str]:
    expressions = [
        expression for rule in rules for expression in (rule.applies, rule.fails, rule.message)
    ]
    owners = {rule.owner_column for rule in rules if rule.owner_column}
    return owners.union(*(expression.meta.root_names() for expression in expressions))


def _findings(records: pl.DataFrame, rule: Rule, key: str) -> pl.DataFrame:
    owner = pl.lit(rule.owner) if rule.owner_column is None else pl.col(rule.owner_column)
    return (
        records.lazy()
        .filter(rule.applies & rule.fails)
        .select(
            sentence("{}:{}", pl.lit(rule.id), key).alias("finding_id"),
            pl.lit(rule.id).alias("rule"),
            pl.lit(rule.severity).alias("severity"),
            pl.lit(rule.table.table_name()).alias("table"),
            pl.col(key).alias("record_id"),
            owner.alias("owner"),
            rule.message.alias("message"),
            pl.lit(rule.suggestion).alias("suggestion"),
        )
        .collect()
    )


def _with_days(
    found: pl.DataFrame, *, rules: Sequence[Rule], previous: pl.DataFrame, seen_on: date
) -> pl.DataFrame:
    days_to_mend = pl.DataFrame(
        {"rule": [rule.id for rule in rules], "days": [rule.days_to_mend for rule in rules]},
        schema={"rule": pl.String, "days": pl.Int64},
    )
    return (
        found.lazy()
        .join(previous.lazy().select("finding_id", "first_seen_on"), on="finding_id", how="left")
        .join(days_to_mend.lazy(), on="rule", how="left")
        .with_columns(pl.col("first_seen_on").fill_null(seen_on))
        .with_columns((pl.col("first_seen_on") + pl.duration(days=pl.col("days"))).alias("due_on"))
        .collect()
    )


def quality_scores(
    findings: pl.DataFrame,
    *,
    tables: Tables,
    params: RunParams,
    definition: Definition,
    previous_summary: pl.DataFrame | None = None,
    rules: Sequence[Rule] = RULES,
) -> DataFrame[QualityScores]:
    """How much of the data keeps each rule: one row per rule in force whose table the source has.

    `checked` counts the records that the rule applies to, `failed` its findings, and `score` is
    1 − failed ÷ checked, or 1 where nothing was there to check. A rule about a table that the
    source does not have has no row: it was not checked, which is not the same as kept.
    """
    facts = quality_facts(
        tables, params=params, definition=definition, previous_summary=previous_summary
    )
    counted = [
        _checked_counts(records, table, [rule for rule in rules if rule.table is table])
        for table, records in facts.items()
    ]
    failed = findings.lazy().group_by("rule").agg(pl.len().cast(pl.Int64).alias("failed"))
    share_failed = pl.col("failed") / pl.col("checked")
    return checked(
        pl.concat(counted)
        .join(failed, on="rule", how="left")
        .with_columns(pl.col("failed").fill_null(0))
        .with_columns(
            pl.when(pl.col("checked") == 0).then(1.0).otherwise(1 - share_failed).alias("score")
        )
        .collect(),
        QualityScores,
    )


def _checked_counts(
    records: pl.LazyFrame, table: type[Contract], rules: Sequence[Rule]
) -> pl.LazyFrame:
    """One row per rule of the table: how many records it applies to."""
    key = table.row_order()[0]
    return (
        records.select(key, *(rule.applies.alias(rule.id) for rule in rules))
        .select(pl.exclude(key).sum().cast(pl.Int64))
        .unpivot(variable_name="rule", value_name="checked")
    )
