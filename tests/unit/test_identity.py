from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.contracts import AccountMerges, PartnerAliases, Partners, Touches
from workbench.identity import (
    merges_in_a_circle,
    resolve_aliases,
    salesforce_id,
    surviving_accounts,
)


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
