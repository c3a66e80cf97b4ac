"""Every metric of the sample company, against SQL that was written from docs/metrics.md.

`tests/reference/metrics_sql/` takes the tables of a run and knows nothing of the package. Beside
the slow `tests/reference/metrics.py` it is another reading of the page, over what the sample
company's definition, soiling and size bring with them. Every figure is in SQL, with every interval;
only the words of the reasons are not.
"""

from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pytest

from tests.sample_params import sample_params
from workbench.attribution import attribution
from workbench.contracts import OpportunityAttribution, PartnerCredit, TouchAudit
from workbench.definitions import read_definition
from workbench.ingest import ingest
from workbench.metrics import METRICS, MetricInputs, metrics
from workbench.prepared import prepared_snapshot
from workbench.sample import write_sample

SCRIPTS: Final = Path(__file__).parent / "reference" / "metrics_sql"
DEFINITIONS: Final = Path(__file__).parents[1] / "params" / "definitions"
KEY: Final = ("metric", "period", "classification", "dimension", "member")
FIGURES: Final = ("value", "numerator", "denominator", "n", "ci_low", "ci_high")
# `timing` credits the primary partner alone, `referred_or_closed` shares between several.
DEFINITION_IDS: Final = ("timing", "referred_or_closed")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company at the size of the demo, soiled, as it comes from the CRM."""
    folder = tmp_path_factory.mktemp("company")
    write_sample(folder)
    return folder


@pytest.fixture(scope="module", params=DEFINITION_IDS)
def both(
    request: pytest.FixtureRequest, company: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The table `metrics` of the package, and that of SQL, under one definition."""
    definition_file = DEFINITIONS / f"{request.param}.yaml"
    params = sample_params(company, definition=definition_file)
    tables = tmp_path_factory.mktemp("tables")
    definition = read_definition(definition_file)
    found = attribution(prepared_snapshot(params).facts, definition)
    made = {
        OpportunityAttribution: found.opportunity_attribution,
        PartnerCredit: found.partner_credit,
        TouchAudit: found.touch_audit,
    }
    inputs = MetricInputs.of(dict(ingest(params, into=tables).tables) | made)
    for contract, table in made.items():
        table.write_parquet(tables / f"{contract.table_name()}.parquet")
    return metrics(inputs, params=params, definition=definition), figures_by_sql(tables)


def figures_by_sql(tables: Path) -> pl.DataFrame:
    """Every figure that SQL works out from the tables of a run."""
    with duckdb.connect() as database:
        for file in tables.glob("*.parquet"):
            database.execute(f"CREATE VIEW {file.stem} AS FROM '{file.as_posix()}'")
        database.execute(
            """
            SET VARIABLE as_of = DATE '2026-10-31';
            SET VARIABLE first_day = DATE '2026-08-01';
            SET VARIABLE timezone = 'America/New_York';
            SET VARIABLE currency = 'USD';
            """
        )
        for script in ("facts", "rows", "figures", "comparison"):
            database.execute((SCRIPTS / f"{script}.sql").read_text(encoding="utf-8"))
        database.execute(f"COPY figures TO '{(tables / 'figures.parquet').as_posix()}'")
    return pl.read_parquet(tables / "figures.parquet")


def test_sql__has_every_metric_of_the_catalogue(both):
    _, expected = both

    assert set(expected["metric"]) == set(METRICS)


def test_sql__same_rows(both):
    """Every period, classification, dimension and member of the one, and no more, in the other."""
    found, expected = both

    assert found.select(KEY).is_unique().all()
    assert expected.select(KEY).is_unique().all()
    assert found.join(expected, on=KEY, how="anti").select(KEY).rows() == []
    assert expected.join(found, on=KEY, how="anti").select(KEY).rows() == []


@pytest.mark.parametrize("figure", FIGURES)
def test_sql__same_figures(both, figure):
    """Equal to a billionth, relative above 1; null where the other is null."""
    found, expected = both
    pairs = found.join(expected, on=KEY, suffix="_by_sql", validate="1:1")
    ours, theirs = (pl.col(name).cast(pl.Float64) for name in (figure, f"{figure}_by_sql"))
    is_equal = (ours - theirs).abs() <= 1e-9 * pl.max_horizontal(1, theirs.abs())
    both_null = ours.is_null() & theirs.is_null()
    differing = pairs.filter(~(is_equal.fill_null(value=False) | both_null))

    assert differing.select(*KEY, figure, f"{figure}_by_sql").rows() == []


def test_reason__stands_where_there_is_no_value(both):
    found, expected = both
    pairs = found.join(expected, on=KEY, suffix="_by_sql")

    assert pairs.filter(
        pl.col("reason").is_null() != pl.col("value_by_sql").is_not_null()
    ).is_empty()
