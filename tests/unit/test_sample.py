"""The sample company: exact counts, the contract, and a planted truth that the rules find again."""

import hashlib
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pytest
from polars.testing import assert_frame_equal

from workbench.contracts import CANONICAL_TABLES, Contract, OpportunityMerges
from workbench.errors import ParameterError, SourceError
from workbench.sample import write_sample
from workbench.sample.plan import Plan
from workbench.sample.write import CANONICAL, TRUTH, write_plan
from workbench.tables import checked
from workbench.vocabulary import PARTNER_TYPES, TOUCH_TYPES

SOURCING = ["introduction", "referral", "lead_submission", "deal_registration", "event_meeting"]
SMALL = Plan(opportunities=300, touches=1_400, seed=7, block=80)
# Of every table of SMALL, truth included. A deliberate change of the sample changes both; any
# other change means that somebody else's machine writes other rows.
DIGESTS = {
    "clean": "d2349d025c6b181ae90549edc117140beffee5d349684fd9530398fd158cbe57",
    "soiled": "636532baabe56a88d810ac77444b21b78ff07d5e4128aa4db68e729b445d1796",
}
FAULTS = {
    "opportunities": {
        "amount_missing",
        "closed_before_created",
        "crm_missing",
        "crm_overclaimed",
    },
    "touches": {
        "account_only",
        "alias",
        "day_month_swapped",
        "duplicated",
        "logged_after_close",
        "logged_late",
        "never_logged",
        "no_evidence",
        "no_partner_contact",
        "orphaned",
        "unknown_partner",
    },
}
SORT_KEYS = {
    "accounts": ["account_id"],
    "partners": ["partner_id"],
    "opportunities": ["opportunity_id"],
    "touches": ["touch_id"],
    "stage_history": ["opportunity_id", "entered_at"],
    "handoffs": ["handoff_id"],
    "program_costs": ["cost_id"],
    "account_paths": ["account_id", "partner_id", "path"],
    "fx_rates": ["currency", "valid_from"],
    "partner_aliases": ["alias"],
    "account_merges": ["merged_account_id"],
    "truth": ["opportunity_id"],
    "truth_partners": ["partner_id"],
    "truth_soiling": ["table", "record_id", "soiling"],
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "clean"
    write_sample(folder, soiled=False)
    return folder


@pytest.fixture(scope="module")
def soiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "soiled"
    write_sample(folder)
    return folder


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def digest(folder: Path) -> str:
    """A hash of all rows as text that no library formats: whole numbers and words."""
    sha = hashlib.sha256()
    for name in (*CANONICAL, *TRUTH):
        plain = table(folder, name).with_columns(
            cs.datetime().dt.epoch("us"),
            cs.date().cast(pl.Int32),
            cs.decimal().cast(pl.String),
            (cs.float() * 100).round().cast(pl.Int64),
        )
        sha.update(f"{name}\n{plain.write_csv()}".encode())
    return sha.hexdigest()


def day(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("America/New_York").dt.date()


def timing(folder: Path) -> pl.DataFrame:
    """One row per opportunity: class and primary partner by the definition `timing`.

    As of 2026-10-31, from the touches that name their opportunity: on a clean log, all of them.
    """
    aliases = dict(table(folder, "partner_aliases").select("alias", "partner_id").rows())
    opportunities = table(folder, "opportunities").select(
        "opportunity_id",
        "opportunity_type",
        day("created_at").alias("created"),
        day("closed_at").fill_null(pl.date(2026, 10, 31)).alias("closed"),
        pl.col("closed_at").is_not_null().alias("is_closed"),
    )
    touched, logged = day("touched_at"), day("logged_at")
    accepted = (
        table(folder, "touches")
        .with_columns(pl.col("partner_id").replace(aliases))
        .join(opportunities, on="opportunity_id")
        .join(table(folder, "partners").select("partner_id"), on="partner_id", how="semi")
        .filter(
            touched <= pl.date(2026, 10, 31),
            pl.col("opportunity_type") != "renewal",
            pl.col("evidence_url").is_not_null(),
            ~pl.col("is_closed") | (logged <= pl.col("closed")),
            touched <= pl.col("closed"),
        )
        .with_columns(
            pl.when(
                pl.col("touch_type").is_in(SOURCING),
                touched.is_between(
                    pl.col("created").dt.offset_by("-365d"), pl.col("created").dt.offset_by("-1d")
                ),
            )
            .then(pl.lit("sourced"))
            .when(touched >= pl.col("created"))
            .then(pl.lit("influenced"))
            .alias("role")
        )
        .filter(pl.col("role").is_not_null())
        .sort(pl.col("role") != "sourced", "touched_at", "touch_id")
        .group_by("opportunity_id", maintain_order=True)
        .first()
    )
    return (
        opportunities.join(accepted, on="opportunity_id", how="left")
        .select(
            "opportunity_id",
            pl.col("role").fill_null("direct").alias("classification"),
            pl.when(pl.col("role") == "sourced").then("partner_id").alias("origin_partner_id"),
        )
        .sort("opportunity_id")
    )


@pytest.mark.parametrize("log", ["clean", "soiled"])
def test_write_sample__same_rows_everywhere(tmp_path: Path, log: str) -> None:
    write_plan(tmp_path / "sample", SMALL, format="parquet", soiled=log == "soiled")

    assert digest(tmp_path / "sample") == DIGESTS[log]


def test_write_sample__another_seed_gives_other_rows(tmp_path: Path, soiled: Path) -> None:
    write_sample(tmp_path / "sample", seed=8)

    assert not table(tmp_path / "sample", "truth").equals(table(soiled, "truth"))


@pytest.mark.parametrize("log", ["clean", "soiled"])
@pytest.mark.parametrize(("opportunities", "touches"), [(1, 0), (1, 1), (7, 3), (40, 900)])
def test_write_sample__exact_counts(
    tmp_path: Path, opportunities: int, touches: int, log: str
) -> None:
    summary = write_sample(
        tmp_path / "sample", opportunities=opportunities, touches=touches, soiled=log == "soiled"
    )

    written = {name: table(tmp_path / "sample", name).height for name in (*CANONICAL, *TRUTH)}
    assert summary.rows == written
    assert (written["opportunities"], written["touches"]) == (opportunities, touches)
    assert written["truth"] == opportunities


def test_write_sample__exact_counts_over_many_blocks(tmp_path: Path) -> None:
    plan = Plan(opportunities=1_003, touches=4_999, seed=3, block=90)

    summary = write_plan(tmp_path / "sample", plan, format="parquet", soiled=True)

    touches = table(tmp_path / "sample", "touches")
    assert (plan.blocks, summary.rows["accounts"]) == (12, plan.accounts)
    assert table(tmp_path / "sample", "opportunities")["opportunity_id"].n_unique() == 1_003
    assert (touches.height, touches["touch_id"].n_unique()) == (4_999, 4_999)


def test_write_sample__default_size(soiled: Path) -> None:
    sizes = {name: table(soiled, name).height for name in ("accounts", "partners", "touches")}
    partners = table(soiled, "partners")

    assert sizes == {"accounts": 400, "partners": 60, "touches": 7_000}
    assert set(partners["partner_type"]) == set(PARTNER_TYPES)
    assert set(partners["tier"]) == {"platinum", "gold", "silver", "registered"}
    assert set(table(soiled, "touches")["touch_type"]) == set(TOUCH_TYPES)


def test_write_sample__leaves_nothing_else(tmp_path: Path) -> None:
    write_plan(tmp_path / "sample", SMALL, format="csv", soiled=True)

    assert [path.name for path in tmp_path.iterdir()] == ["sample"]
    assert {path.name for path in (tmp_path / "sample").iterdir()} == {
        *(f"{name}.csv" for name in CANONICAL),
        *(f"{name}.parquet" for name in TRUTH),
    }


# The sample's CRM merges accounts, not opportunities.
@pytest.mark.parametrize(
    "contract",
    sorted({*CANONICAL_TABLES} - {OpportunityMerges}, key=str),
    ids=lambda contract: contract.table_name(),
)
@pytest.mark.parametrize("log", ["clean", "soiled"])
def test_write_sample__keeps_the_contract(
    request: pytest.FixtureRequest, log: str, contract: type[Contract]
) -> None:
    frame = table(request.getfixturevalue(log), contract.table_name())
    if contract.table_name() == "touches":
        frame = frame.with_columns(pl.col("touched_at").alias("first_seen_at"))

    assert frame.columns == list(contract.dtypes())
    assert checked(frame, contract).height == frame.height > 0


@pytest.mark.parametrize("name", [*CANONICAL, *TRUTH])
def test_write_sample__sorted_by_key(tmp_path: Path, name: str) -> None:
    write_plan(tmp_path / "sample", SMALL, format="parquet", soiled=True)

    frame = table(tmp_path / "sample", name)

    assert_frame_equal(frame, frame.sort(SORT_KEYS[name], maintain_order=True))


def test_write_sample__csv_holds_the_same_rows(tmp_path: Path) -> None:
    write_plan(tmp_path / "parquet", SMALL, format="parquet", soiled=True)
    write_plan(tmp_path / "csv", SMALL, format="csv", soiled=True)

    for name in CANONICAL:
        expected = table(tmp_path / "parquet", name)
        read = pl.read_csv(tmp_path / "csv" / f"{name}.csv", schema=expected.schema)
        assert_frame_equal(read, expected)


def test_write_sample__known_ids(clean: Path) -> None:
    merges = table(clean, "account_merges")
    accounts = set(table(clean, "accounts")["account_id"])
    opportunities = set(table(clean, "opportunities")["opportunity_id"])
    partners = set(table(clean, "partners")["partner_id"])
    touches = table(clean, "touches")

    merged = set(merges["merged_account_id"])
    assert merged & set(touches["account_id"])
    assert merged & set(merges["surviving_account_id"])
    assert not merged & accounts
    assert set(touches["account_id"]) <= accounts | merged
    assert set(touches["opportunity_id"]) <= opportunities
    assert set(touches["partner_id"]) <= partners
    assert set(table(clean, "opportunities")["account_id"]) <= accounts
    assert set(table(clean, "partner_aliases")["partner_id"]) <= partners


def test_write_sample__stages_run_from_creation_to_close(clean: Path) -> None:
    opportunities = table(clean, "opportunities")

    stages = (
        table(clean, "stage_history")
        .group_by("opportunity_id", maintain_order=True)
        .agg(
            pl.col("entered_at").first().alias("created_at"),
            pl.col("entered_at").last().alias("last_at"),
            pl.col("stage").last(),
            pl.col("entered_at").diff().min().alias("shortest"),
        )
    )

    assert_frame_equal(
        stages.select("opportunity_id", "created_at", "stage"),
        opportunities.select("opportunity_id", "created_at", "stage"),
    )
    assert stages["last_at"].equals(
        opportunities["closed_at"].fill_null(stages["last_at"]), null_equal=True
    )
    assert stages["shortest"].min() > pl.Series([0], dtype=pl.Duration("us"))[0]


@pytest.mark.parametrize("seed", [7, 8])
def test_clean_log__timing_finds_every_class_and_origin(tmp_path: Path, seed: int) -> None:
    plan = Plan(opportunities=2_000, touches=9_000, seed=seed, block=700)
    write_plan(tmp_path / "sample", plan, format="parquet", soiled=False)

    truth = table(tmp_path / "sample", "truth")

    assert_frame_equal(timing(tmp_path / "sample"), truth)
    assert truth["classification"].n_unique() == 3


def test_clean_log__the_crm_field_is_right_or_empty(clean: Path) -> None:
    both = table(clean, "opportunities").join(table(clean, "truth"), on="opportunity_id")

    said = both.filter(pl.col("crm_classification").is_not_null())

    assert (said["crm_classification"] == said["classification"]).all()
    assert table(clean, "truth_soiling").is_empty()


def test_soiled_log__same_truth_as_the_clean_one(clean: Path, soiled: Path) -> None:
    for name in ("truth", "truth_partners", "accounts", "partners", "stage_history", "handoffs"):
        assert_frame_equal(table(soiled, name), table(clean, name))


def test_soiled_log__every_fault_is_there(soiled: Path) -> None:
    record = table(soiled, "truth_soiling")

    faults = {name: set(record.filter(pl.col("table") == name)["soiling"]) for name in FAULTS}

    assert faults == FAULTS
    assert record.is_duplicated().sum() == 0


def test_soiled_log__each_fault_does_what_it_says(clean: Path, soiled: Path) -> None:
    record = table(soiled, "truth_soiling")
    touches, before = table(soiled, "touches"), table(clean, "touches")
    partners = table(soiled, "partners")["partner_id"].to_list()
    listed = table(soiled, "partner_aliases")["alias"].to_list()
    opportunities = table(soiled, "opportunities")["opportunity_id"].to_list()

    def hit(fault: str) -> pl.DataFrame:
        ids = record.filter(pl.col("soiling") == fault)["record_id"].to_list()
        assert ids
        return touches.filter(pl.col("touch_id").is_in(ids)).join(
            before, on="touch_id", how="left", suffix="_before"
        )

    assert hit("never_logged").is_empty()
    assert hit("account_only")["opportunity_id"].is_null().all()
    assert not hit("orphaned")["opportunity_id"].is_in(opportunities).any()
    assert not hit("orphaned")["opportunity_id"].is_null().any()
    assert hit("no_evidence")["evidence_url"].is_null().all()
    assert hit("no_partner_contact")["partner_contact"].is_null().all()
    assert hit("alias")["partner_id"].is_in(listed).all()
    assert not hit("unknown_partner")["partner_id"].is_in([*listed, *partners]).any()
    late = hit("logged_late").select(
        (pl.col("logged_at") - pl.col("touched_at_before")).dt.total_days()
    )
    assert late.to_series().is_between(20, 121).all()
    swapped = hit("day_month_swapped").select(
        (day("touched_at").dt.day() == day("touched_at_before").dt.month())
        & (day("touched_at").dt.month() == day("touched_at_before").dt.day())
    )
    assert swapped.to_series().all()


def test_soiled_log__twice_logged_under_another_id(soiled: Path) -> None:
    record, touches = table(soiled, "truth_soiling"), table(soiled, "touches")
    facts = [name for name in touches.columns if name != "touch_id"]

    again = record.filter(pl.col("soiling") == "duplicated")["record_id"].to_list()
    twice, once = (
        touches.filter(pl.col("touch_id").is_in(again)),
        touches.filter(~pl.col("touch_id").is_in(again)),
    )

    assert twice.height == record.filter(pl.col("soiling") == "never_logged").height
    assert twice.join(once, on=facts, how="semi", nulls_equal=True).height == twice.height


def test_soiled_log__understates_what_partners_sourced(clean: Path, soiled: Path) -> None:
    won = table(clean, "opportunities").filter(pl.col("status") == "won")
    found = timing(soiled).filter(pl.col("classification") == "sourced")

    truly = won.join(
        table(clean, "truth").filter(pl.col("classification") == "sourced"), on="opportunity_id"
    )
    share = (
        truly.join(found, on="opportunity_id", how="semi")["amount"].sum() / truly["amount"].sum()
    )

    assert 0.6 < share < 0.8


def test_truth__only_helpers_lift_and_showing_up_flatters(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample", opportunities=20_000, touches=60_000, soiled=False)
    partners = table(tmp_path / "sample", "truth_partners")

    closed = (
        table(tmp_path / "sample", "opportunities")
        .filter(pl.col("status") != "open", pl.col("opportunity_type") != "renewal")
        .join(table(tmp_path / "sample", "truth"), on="opportunity_id")
        .join(partners, left_on="crm_partner_id", right_on="partner_id", how="left")
    )
    rates = closed.group_by("classification", "truly_helps").agg(
        (pl.col("status") == "won").mean().alias("win_rate")
    )
    rate = {(row[0], row[1]): row[2] for row in rates.rows()}

    assert ((partners["win_lift"] > 0) == partners["truly_helps"]).all()
    assert 0.22 < rate["direct", None] < 0.30
    assert rate["sourced", True] > rate["direct", None] + 0.1
    assert abs(rate["sourced", False] - rate["direct", None]) < 0.08
    assert rate["influenced", False] > rate["direct", None] + 0.1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"opportunities": 0}, "opportunities is 0"),
        ({"touches": -1}, "touches is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_write_sample__too_low_a_count_is_named(
    tmp_path: Path, arguments: dict[str, int], sentence: str
) -> None:
    with pytest.raises(ParameterError, match=sentence):
        write_sample(tmp_path / "sample", **arguments)

    assert not (tmp_path / "sample").exists()


def test_write_sample__another_format_in_the_way(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample", opportunities=5, touches=5, format="csv")

    with pytest.raises(SourceError, match="in the way"):
        write_sample(tmp_path / "sample", opportunities=5, touches=5, format="parquet")
