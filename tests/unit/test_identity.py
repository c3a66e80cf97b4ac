from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.contracts import (
    AccountMerges,
    Accounts,
    Opportunities,
    PartnerAliases,
    PartnerCredit,
    Partners,
    Touches,
)
from workbench.errors import SourceError
from workbench.identity import (
    alias_suggestions,
    identity_difference,
    merges_in_a_circle,
    normalised_name,
    partners_that_are_accounts,
    resolve_aliases,
    resolve_field_aliases,
    salesforce_id,
    surviving_accounts,
    surviving_opportunities,
    write_alias_worklist,
)
from workbench.identity.decisions import AliasDecisions


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("001D000000IRFma", "001D000000IRFmaIAH"),
        ("006000000000000", "006000000000000AAA"),
        ("00QABCDEFGHIJKL", "00QABCDEFGHIJKL255"),
        ("001D000000IRFmaIAH", "001D000000IRFmaIAH"),  # complete already
        ("a0T000000000001", "a0T000000000001"),  # not a prefix of ours
        ("001-00000000001", "001-00000000001"),
        ("OPP-1", "OPP-1"),
        (None, None),
    ],
)
def test_salesforce_id__completes_short_ids_alone(given, stored):
    frame = pl.DataFrame({"id": [given]}, schema={"id": pl.String})
    assert frame.select(salesforce_id(pl.col("id"))).item() == stored


def test_salesforce_id__empty_frame():
    frame = pl.DataFrame(schema={"id": pl.String})
    assert frame.select(salesforce_id(pl.col("id"))).is_empty()


def touches(*rows: tuple[str, str, datetime]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "touch_id": pl.String,
            "partner_id": pl.String,
            "touched_at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )


def aliases(*rows: tuple[str, str, date | None, date | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PartnerAliases.dtypes(), orient="row")


PARTNERS = pl.DataFrame({"partner_id": ["P1", "P2"]})


def test_resolve_aliases__both_days_of_the_validity_belong_to_it():
    given = touches(
        ("before", "Acme", datetime(2025, 12, 31, 12, tzinfo=UTC)),
        ("first", "Acme", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("last", "Acme", datetime(2026, 3, 31, 12, tzinfo=UTC)),
        ("after", "Acme", datetime(2026, 4, 1, 12, tzinfo=UTC)),
    )
    known = aliases(("Acme", "P1", date(2026, 1, 1), date(2026, 3, 31)))
    found = resolve_aliases(given, aliases=known, partners=PARTNERS, timezone="UTC")
    assert found["partner_id"].to_list() == ["Acme", "P1", "P1", "Acme"]


def test_resolve_aliases__the_day_is_of_the_time_zone():
    given = touches(("t", "Acme", datetime(2025, 12, 31, 23, 30, tzinfo=UTC)))
    known = aliases(("Acme", "P1", date(2026, 1, 1), None))
    in_berlin = resolve_aliases(given, aliases=known, partners=PARTNERS, timezone="Europe/Berlin")
    assert in_berlin["partner_id"].to_list() == ["P1"]
    assert_frame_equal(
        resolve_aliases(given, aliases=known, partners=PARTNERS, timezone="UTC"), given
    )


def test_resolve_aliases__a_partner_is_no_alias_and_an_alias_of_two_stays():
    day = datetime(2026, 1, 1, tzinfo=UTC)
    given = touches(("t1", "P2", day), ("t2", "Acme", day), ("t3", "acme", day))
    known = aliases(
        ("P2", "P1", None, None), ("Acme", "P1", None, None), ("Acme", "P2", None, None)
    )
    found = resolve_aliases(given, aliases=known, partners=PARTNERS, timezone="UTC")
    assert found["partner_id"].to_list() == ["P2", "Acme", "acme"]


def test_resolve_aliases__empty_frame():
    found = resolve_aliases(
        Touches.empty(), aliases=PartnerAliases.empty(), partners=Partners.empty(), timezone="UTC"
    )
    assert_frame_equal(found, Touches.empty())


def merges(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame([(*row, None) for row in rows], schema=AccountMerges.dtypes(), orient="row")


def test_surviving_accounts__chains_are_followed_to_their_end():
    found = surviving_accounts(merges(("a", "b"), ("b", "c"), ("c", "d"), ("x", "d"), ("y", "z")))
    assert found.rows() == [("a", "d"), ("b", "d"), ("c", "d"), ("x", "d"), ("y", "z")]


def test_surviving_accounts__a_long_chain():
    count = 1000
    chain = merges(*((f"{n:04}", f"{n + 1:04}") for n in range(count)))
    assert set(surviving_accounts(chain)["surviving_account_id"]) == {f"{count:04}"}
    assert merges_in_a_circle(chain).is_empty()


def test_surviving_accounts__empty_frame():
    found = surviving_accounts(AccountMerges.empty())
    assert found.columns == ["account_id", "surviving_account_id"]
    assert found.is_empty()


def test_merges_in_a_circle__what_leads_into_one_is_not_on_it():
    given = merges(
        ("a", "b"), ("b", "c"), ("c", "b"), ("x", "y"), ("p", "q"), ("q", "r"), ("r", "p")
    )
    assert merges_in_a_circle(given).to_list() == ["b", "c", "p", "q", "r"]
    assert surviving_accounts(given).rows() == [("x", "y")]


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("Brindle & Söhne GmbH & Co. KG", "brindle sohne"),
        ("BRINDLE und Sohne", "brindle sohne"),
        ("Arvane Advisors, Inc.", "arvane advisors"),
        ("Rostova Cloud Pte. Ltd.", "rostova cloud"),
        ("L'Orvent S.A.", "lorvent"),
        ("Co", "co"),  # nothing would be left
        ("Ltd", "ltd"),
        ("Straßenbau AG", "strassenbau"),
        ("--", None),
        (None, None),
    ],
)
def test_normalised_name__one_way_to_write_a_name(name, compared):
    frame = pl.DataFrame({"name": [name]}, schema={"name": pl.String})
    assert frame.select(normalised_name(pl.col("name"))).item() == compared


def partners(*rows: tuple[str, str]) -> pl.DataFrame:
    return _filled(Partners, [{"partner_id": i, "name": name} for i, name in rows])


def _filled(contract, rows):
    return pl.DataFrame(rows, schema_overrides=contract.dtypes()).pipe(
        lambda frame: pl.concat([contract.empty(), frame], how="diagonal")
    )


def identity_tables(
    *,
    known: pl.DataFrame,
    named: list[str],
    field: list[str | None] | None = None,
    listed: pl.DataFrame | None = None,
):
    touches = [{"touch_id": f"t{n}", "partner_id": name} for n, name in enumerate(named)]
    crm = [
        {"opportunity_id": f"o{n}", "crm_partner_id": name} for n, name in enumerate(field or [])
    ]
    return {
        Partners: known,
        Touches: _filled(Touches, touches),
        Opportunities: _filled(Opportunities, crm),
        PartnerAliases: PartnerAliases.empty() if listed is None else listed,
    }


KNOWN = partners(("P1", "Arvane Advisors, Inc."), ("P2", "Belveo Systems GmbH"), ("P3", "Cormix"))


def test_alias_suggestions__ranked_with_how_much_hangs_on_it():
    tables = identity_tables(
        known=KNOWN,
        named=["ARVANE ADVISORS", "ARVANE ADVISORS", "Systems Belveo", "P3", "Zz"],
        field=["ARVANE ADVISORS", "P2", None, "Cormicks"],
    )
    found = alias_suggestions(tables)
    assert found.select(
        "alias", "partner_id", "score", "touches", "opportunities", "rank"
    ).rows() == [
        ("ARVANE ADVISORS", "P1", 1.0, 2, 1, 1),
        ("Systems Belveo", "P2", 1.0, 1, 0, 1),
        ("Zz", None, None, 1, 0, None),
        ("Cormicks", "P3", 0.71, 0, 1, 1),
    ]
    assert found["partner_name"].to_list()[0] == "Arvane Advisors, Inc."


def test_alias_suggestions__a_name_that_holds_another_is_near_but_not_the_same():
    tables = identity_tables(known=KNOWN, named=["Cormix Deutschland"])
    assert alias_suggestions(tables).select("partner_id", "score").rows() == [("P3", 0.9)]


def test_alias_suggestions__knows_the_names_of_before():
    listed = aliases(("Old Name Holding", "P3", None, date(2025, 1, 1)))
    tables = identity_tables(known=KNOWN, named=["old-name holding"], listed=listed)
    assert alias_suggestions(tables).select("partner_id", "score").rows() == [("P3", 1.0)]


def test_alias_suggestions__at_most_three_and_ties_by_id():
    same = partners(*((f"P{n}", "Tarnova") for n in range(5)))
    found = alias_suggestions(identity_tables(known=same, named=["tarnova"]))
    assert found["partner_id"].to_list() == ["P0", "P1", "P2"]
    assert found["rank"].to_list() == [1, 2, 3]


def test_alias_suggestions__empty_frame():
    tables = identity_tables(known=Partners.empty(), named=[])
    assert alias_suggestions(tables).is_empty()


def test_alias_worklist__goes_back_in_as_it_was_written(tmp_path):
    formula, plain = "=SUM(Arvane Advisors)", "'=Cormix"
    tables = identity_tables(known=KNOWN, named=[formula, plain, "Belveo System", "Cormicks"])
    path = write_alias_worklist(tables, tmp_path, decisions=None)
    assert path == tmp_path / "worklists" / "partner_aliases.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert f"\n'{formula}," in text  # no cell begins as a formula does

    decided = {formula: "yes", plain: "yes", "Belveo System": "no"}
    filled = pl.read_csv(path, infer_schema=False).with_columns(
        pl.col("alias").str.strip_prefix("'").replace_strict(decided, default=None).alias("accept")
    )
    # A German spreadsheet program saves with semicolons.
    filled.write_csv(tmp_path / "decided.csv", separator=";", include_bom=True)
    decisions = AliasDecisions(tmp_path / "decided.csv")
    landed = pl.read_parquet(decisions.land(tmp_path).path)
    accepted = landed.filter(pl.col("accept") == "yes").select("alias", "partner_id").rows()
    assert accepted == [(plain, "P3"), (formula, "P1")]

    again = write_alias_worklist(tables, tmp_path / "next", decisions=tmp_path / "decided.csv")
    kept = pl.read_csv(again, infer_schema=False)
    # What was decided stands first and as it was; what was refused is not asked again.
    assert kept["accept"].to_list()[:3].count("yes") == 2
    assert kept.filter(pl.col("alias") == "Belveo System").height == 1
    assert kept.filter(pl.col("alias") == "Cormicks")["accept"].to_list() == [None]


def test_alias_worklist__what_was_answered_is_not_asked_again(tmp_path):
    """Whatever the answer: no to a name that is like none, and one that nobody understands."""
    tables = identity_tables(known=KNOWN, named=["Zyx", "Belveo System"])
    listed = write_alias_worklist(tables, tmp_path, decisions=None)
    lines = pl.read_csv(listed, infer_schema=False).sort("alias")
    answered = lines.with_columns(pl.Series("accept", ["perhaps", "no"]))
    answered.write_csv(tmp_path / "answered.csv")

    again = write_alias_worklist(tables, tmp_path / "next", decisions=tmp_path / "answered.csv")

    assert pl.read_csv(again, infer_schema=False).select("alias", "accept").rows() == [
        ("Belveo System", "perhaps"),
        ("Zyx", "no"),
    ]


def test_alias_decisions__another_file_is_an_error(tmp_path):
    (tmp_path / "other.csv").write_text("alias,partner_id\nA,P1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="there is no column 'accept'"):
        AliasDecisions(tmp_path / "other.csv").header()


def test_resolve_aliases__as_is_the_day_of_the_report_decides():
    given = touches(
        ("then", "Acme", datetime(2025, 6, 1, tzinfo=UTC)),
        ("now", "Acme", datetime(2026, 6, 1, tzinfo=UTC)),
    )
    known = aliases(
        ("Acme", "P1", None, date(2025, 12, 31)), ("Acme", "P2", date(2026, 1, 1), None)
    )
    as_was = resolve_aliases(given, aliases=known, partners=PARTNERS, timezone="UTC")
    as_is = resolve_aliases(
        given, aliases=known, partners=PARTNERS, timezone="UTC", as_is_on=date(2026, 9, 30)
    )
    assert as_was["partner_id"].to_list() == ["P1", "P2"]
    assert as_is["partner_id"].to_list() == ["P2", "P2"]


def test_resolve_field_aliases__the_field_has_no_day_of_its_own():
    given = pl.DataFrame({"crm_partner_id": ["Acme", "P1", None, "Other"]})
    known = aliases(
        ("Acme", "P1", None, date(2025, 12, 31)), ("Acme", "P2", date(2026, 1, 1), None)
    )
    found = resolve_field_aliases(given, aliases=known, partners=PARTNERS, on=date(2026, 9, 30))
    assert found["crm_partner_id"].to_list() == ["P2", "P1", None, "Other"]


def test_identity_difference__only_partners_whose_numbers_differ():
    def run(counts, credits):
        return {
            Touches: pl.DataFrame({"partner_id": [p for p, n in counts.items() for _ in range(n)]}),
            PartnerCredit: pl.DataFrame(
                {"partner_id": list(credits), "credited_amount": list(credits.values())},
                schema={"partner_id": pl.String, "credited_amount": pl.Decimal(18, 2)},
            ),
        }

    as_was = run({"P1": 3, "P2": 1, "P3": 2}, {"P1": "100.00", "P3": "7.50"})
    as_is = run({"P1": 1, "P2": 3, "P3": 2}, {"P2": "100.00", "P3": "7.50"})
    found = identity_difference(as_was, as_is)
    assert found.with_columns(pl.col(pl.Decimal).cast(pl.String)).rows() == [
        ("P1", 3, 1, "100.00", "0.00"),
        ("P2", 1, 3, "0.00", "100.00"),
    ]


def test_partners_that_are_accounts__by_name_or_domain():
    people = [("t1", "P2", "ivo@belveo.example"), ("t2", "P3", "a@shared.example"),
              ("t3", "P1", "b@shared.example"), ("t4", "P2", None)]  # fmt: skip
    tables = {
        Partners: KNOWN,
        Accounts: _filled(
            Accounts,
            [
                {"account_id": "A1", "name": "Arvane Advisors GmbH", "domain": None},
                {"account_id": "A2", "name": "Another", "domain": "https://www.Belveo.example/de"},
                {"account_id": "A3", "name": "Third", "domain": "shared.example"},
                {"account_id": "A4", "name": "belveo systems", "domain": "belveo.example"},
            ],
        ),
        Touches: _filled(
            Touches,
            [{"touch_id": t, "partner_id": p, "partner_contact": c} for t, p, c in people],
        ),
    }
    assert partners_that_are_accounts(tables).rows() == [
        ("P1", "A1", "name"),
        ("P2", "A2", "domain"),
        ("P2", "A4", "name, domain"),
    ]


def test_partners_that_are_accounts__empty_frame():
    tables = {contract: contract.empty() for contract in (Partners, Accounts, Touches)}
    assert partners_that_are_accounts(tables).is_empty()


def test_surviving_opportunities__follows_chains_and_drops_circles():
    given = pl.DataFrame(
        [("a", "b"), ("b", "c"), ("x", "y"), ("y", "x")],
        schema=["merged_opportunity_id", "surviving_opportunity_id"],
        orient="row",
    )
    assert surviving_opportunities(given).rows() == [("a", "c"), ("b", "c")]
    assert merges_in_a_circle(given, "opportunity_id").to_list() == ["x", "y"]
