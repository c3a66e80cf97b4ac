"""Objects of HubSpot over real HTTP: whole, then only changes, and all that goes wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.crm_servers import DROP, Answer, HubSpotRecord, HubSpotServer, as_json, running
from tests.unit.test_ingest import params_of, tables_in
from workbench.contracts import Accounts, Opportunities, Partners, Touches
from workbench.errors import SourceError
from workbench.ingest import ingest, source_problems
from workbench.sources.crm_api import RETRIES
from workbench.sources.extracts import Landed
from workbench.sources.hubspot import HubSpotExtract
from workbench.sources.mapping import HubSpotObject

TOKEN = "pat-na1-0b7ac6a1-1b0e-4d6e-9d9e-0c7ac6a11b0e"
READ_AT = datetime(2026, 4, 1, 8, tzinfo=UTC)


def deal(number: int, changed: str, **values: str | None) -> HubSpotRecord:
    own = {"dealname": f"Deal {number}", "amount": "1250.5", "hs_merged_object_ids": None}
    return HubSpotRecord(number, f"{changed}Z", {"hs_object_id": str(number), **own, **values})


@dataclass(frozen=True)
class Place:
    """A server, and how to read from it."""

    server: HubSpotServer
    folder: Path

    @property
    def deals(self) -> list[HubSpotRecord]:
        return self.server.objects["deals"]

    def extract(
        self, properties: str = "hs_object_id dealname amount", associations: str = ""
    ) -> HubSpotExtract:
        asked = {
            "object": "deals",
            "properties": properties.split(),
            "associations": associations.split(),
        }
        return HubSpotExtract(
            "deals",
            HubSpotObject.model_validate(asked),
            self.folder / "kept",
            READ_AT,
            retries=RETRIES.new(backoff_factor=0),
        )

    def land(self, extract: HubSpotExtract | None = None) -> Landed:
        into = self.folder / "landed"
        into.mkdir(exist_ok=True)
        return (extract or self.extract()).land(into)

    def rows(self, extract: HubSpotExtract | None = None) -> list[tuple[str | None, ...]]:
        return pl.read_parquet(self.land(extract).path).rows()

    def failure(self, extract: HubSpotExtract | None = None) -> str:
        with pytest.raises(SourceError) as failed:
            self.land(extract)
        assert TOKEN not in str(failed.value)
        return str(failed.value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    deals = [deal(number, f"2026-03-0{number}T10:00:00") for number in (3, 1, 5, 2)]
    deals.append(deal(10, "2026-03-04T10:00:00.250", dealname='Näher, "am" Kunden', amount=""))
    server = HubSpotServer(TOKEN, {"deals": deals})
    with running(server) as url:
        monkeypatch.setenv("HUBSPOT_API_URL", url)
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
        yield Place(server, tmp_path)


def test_land__three_pages_as_the_api_gives_them(place: Place) -> None:
    landed = place.land()
    assert sorted(pl.read_parquet(landed.path).rows()) == [
        ("1", "Deal 1", "1250.5"),
        ("10", 'Näher, "am" Kunden', None),
        ("2", "Deal 2", "1250.5"),
        ("3", "Deal 3", "1250.5"),
        ("5", "Deal 5", "1250.5"),
    ]
    assert landed.notes == ()
    listed = [r.query for r in place.server.asked_for("/objects/deals")]
    assert [query.get("after") for query in listed if query["archived"] == "False"] == [
        None,
        "2",
        "4",
    ]


def test_land__the_second_time_only_changes_are_asked_for(place: Place) -> None:
    first = place.land()
    place.deals[3].properties["dealname"] = "New name"
    for one in place.deals[:4]:  # thousands may change in one instant, by a workflow
        one.updated_at = "2026-03-06T11:00:00Z"
    place.deals.append(deal(11, "2026-03-06T11:00:00"))
    second = place.land()
    searches = [request.json for request in place.server.asked_for("/search")]
    asked = [search["filterGroups"][0]["filters"] for search in searches]
    since = datetime(2026, 3, 5, 9, 50, tzinfo=UTC).timestamp() * 1000
    assert [(one["propertyName"], one["operator"], one["value"]) for one in asked[0]] == [
        ("hs_lastmodifieddate", "GTE", str(int(since))),
        ("hs_object_id", "GT", "0"),
    ]
    assert [one[1]["value"] for one in asked] == ["0", "2", "5"]
    rows = pl.read_parquet(second.path)
    assert rows.height == 6
    assert rows.filter(hs_object_id="2")["dealname"].to_list() == ["New name"]
    assert second.sha256 != first.sha256
    elsewhere = replace(place.extract(), kept=place.folder / "elsewhere")
    assert place.land(elsewhere).sha256 == second.sha256


def test_land__no_records_at_all(place: Place) -> None:
    place.deals.clear()
    known = [{"name": name} for name in ("hs_object_id", "dealname", "amount")]
    place.server.disturb("/properties/", as_json({"results": known}))
    assert place.rows() == []


def test_land__archived_and_merged_records_are_left_out_and_counted(place: Place) -> None:
    place.land()
    place.deals[0].archived = True
    place.deals[1].properties["hs_merged_object_ids"] = "2;77"
    place.deals[1].updated_at = "2026-03-06T10:00:00Z"
    for _ in range(2):  # the next run says the same
        landed = place.land()
        assert pl.read_parquet(landed.path)["hs_object_id"].to_list() == ["1", "10", "5"]
        assert landed.notes == (
            "deals: 1 record archived in HubSpot left out.",
            "deals: 1 record merged into another left out.",
        )


def test_land__associations(place: Place) -> None:
    place.server.associations = {
        ("deals", "companies", 1): {30: False},
        ("deals", "companies", 2): {5: False, 6: False, 40: True},  # the primary, on page two
        ("deals", "companies", 3): {100: False, 30: False},
        ("deals", "contacts", 1): {7: False},
    }
    extract = place.extract("hs_object_id", "companies contacts")
    assert extract.header() == ["hs_object_id", "associations.companies", "associations.contacts"]
    landed = place.land(extract)
    assert sorted(pl.read_parquet(landed.path).rows()) == [
        ("1", "30", "7"),
        ("10", None, None),
        ("2", "40", None),
        ("3", "30", None),
        ("5", None, None),
    ]
    assert landed.notes == (
        "deals: 1 record with several companies, none of them primary; the one with the lowest id "
        "counts.",
    )
    # A new association leaves no trace in the record; it is seen all the same.
    place.server.associations["deals", "companies", 5] = {8: False}
    assert ("5", "8", None) in place.rows(extract)


def test_land__contacts_are_searched_by_their_own_property(place: Place) -> None:
    place.server.objects["contacts"] = [deal(1, "2026-03-01T10:00:00")]
    wanted = HubSpotObject(object="contacts", properties=("hs_object_id",))
    for _ in range(2):
        place.land(replace(place.extract(), name="contacts", wanted=wanted))
    (search,) = place.server.asked_for("/contacts/search")
    changed, _ = search.json["filterGroups"][0]["filters"]
    assert changed["propertyName"] == "lastmodifieddate"


@pytest.mark.parametrize("path", ["/properties/", "/objects/deals", "/search", "/associations/"])
def test_land__asks_again(place: Place, path: str) -> None:
    extract = place.extract(associations="companies")
    place.server.associations = {("deals", "companies", 1): {30: False}}
    place.land(extract)
    failing = Answer("<html>Server Error</html>", 500)
    busy = as_json({"message": "slow down"}, 429, **{"Retry-After": "1"})
    place.server.disturb(path, DROP, failing, failing, busy)
    assert len(place.rows(extract)) == 5
    assert not place.server.disturbances_left()


def test_land__a_server_that_stays_down(place: Place) -> None:
    place.server.disturb("/objects/", *[Answer("down", 503)] * 20)
    assert place.failure() == (
        "hubspot.deals: HubSpot answers 503: down\n"
        "Hint: it was asked several times; try again later."
    )
    assert len(place.server.asked_for("/objects/")) == 7


def test_land__a_connection_that_always_drops(place: Place) -> None:
    place.server.disturb("/objects/", *[DROP] * 20)
    assert "cannot be reached, or drops the connection." in place.failure()


def test_land__an_interrupted_reading_leaves_what_is_kept(place: Place) -> None:
    extract = place.extract(associations="companies")
    place.server.associations = {("deals", "companies", 1): {30: False}}
    place.land(extract)
    (file,) = (place.folder / "kept").iterdir()
    before = file.read_bytes()
    for one in place.deals:
        one.updated_at = "2026-03-07T10:00:00Z"
    place.server.disturb("/associations/", *[Answer("down", 503)] * 7)
    place.failure(extract)
    assert place.server.asked_for("/search")
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert len(place.rows(extract)) == 5
    assert file.read_bytes() != before


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (401, "the token in HUBSPOT_ACCESS_TOKEN is refused or expired: ", "put a new one"),
        (403, "HubSpot answers 403: not for ***", "needs the scopes that read deals"),
        (404, "HubSpot answers 404: not for ***", "spelled by its internal name"),
        (429, "HubSpot answers 429: not for ***", "the limit of API requests is reached"),
    ],
)
def test_land__a_refusal(place: Place, status: int, said: str, hint: str) -> None:
    refusal = as_json({"status": "error", "message": f"not for {TOKEN}"}, status)
    place.server.disturb("/objects/", *[refusal] * 7)
    found = place.failure()
    assert said in found
    assert hint in found


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/properties/", Answer("<html>Sign in</html>")),
        ("/objects/", as_json({"unexpected": 1})),
        ("/objects/", as_json({"results": [{"id": "1"}]})),
        ("/objects/", as_json({"results": [{"id": "1", "updatedAt": "yesterday"}]})),
        ("/search", as_json({"results": [], "paging": {"next": {"after": "2"}}})),
        ("/associations/", as_json({"results": [], "errors": [{"category": "NO"}]}, 207)),
    ],
)
def test_land__something_else_than_records(place: Place, path: str, answer: Answer) -> None:
    extract = place.extract(associations="companies")
    place.land(extract)
    place.server.disturb(path, answer)
    place.server.disturb(path, answer)
    assert "answered with something else than records" in place.failure(extract)


def test_land__a_redirect_is_not_followed(place: Place) -> None:
    place.server.disturb("/properties/", Answer("", 302, {"Location": "/elsewhere"}))
    place.failure()
    assert not place.server.asked_for("/elsewhere")


def test_land__every_unknown_property_at_once(place: Place) -> None:
    said = place.failure(place.extract("hs_object_id deal_name Amount region"))
    assert "deals has no 'Amount'.\n    Hint: did you mean 'amount'?" in said
    assert "deals has no 'deal_name'.\n    Hint: did you mean 'dealname'?" in said
    assert "deals has no 'region'." in said


def test_header__nothing_is_asked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.extract("dealname").header() == ["dealname"]
    assert place.server.asked == []
    monkeypatch.setenv("HUBSPOT_API_URL", "http://example.com")
    with pytest.raises(SourceError, match="HUBSPOT_API_URL holds no https address"):
        place.extract().header()
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    with pytest.raises(SourceError, match="is not set: HUBSPOT_ACCESS_TOKEN"):
        place.extract().header()


def test_secrets__the_token_stays_in_the_environment(place: Place) -> None:
    extract = place.extract()
    landed = place.land(extract)
    assert {request.token for request in place.server.asked} == {TOKEN}
    assert TOKEN not in repr(extract) + repr(landed)
    files = [file for file in place.folder.rglob("*") if file.is_file()]
    assert len(files) == 2
    assert not [file for file in files if TOKEN.encode() in file.read_bytes()]


MAPPING = """
hubspot:
  companies: {object: companies, properties: [hs_object_id, name, domain, type]}
  deals:
    object: deals
    properties: [hs_object_id, dealname, dealstage, amount, createdate, closedate, partner_id]
    associations: [companies]
tables:
  accounts:
    from:
      file: companies
      where: {type: {not: PARTNER}}
      columns: {account_id: hs_object_id, name: name, domain: domain, is_target: {value: false}}
  partners:
    from:
      file: companies
      where: {type: PARTNER}
      columns:
        partner_id: hs_object_id
        name: name
        partner_type: {value: referral}
        active: {value: true}
  opportunities:
    from:
      file: deals
      columns:
        opportunity_id: hs_object_id
        account_id: associations.companies
        name: dealname
        opportunity_type: {value: new_business}
        stage: dealstage
        status: {from: dealstage, words: {closedwon: won, closedlost: lost}, otherwise: open}
        created_at: createdate
        closed_at: {from: closedate, when: {dealstage: [closedwon, closedlost]}}
        amount: amount
        currency: {value: USD}
        source_system: {value: hubspot}
  touches:
    from:
      file: deals
      where: {partner_id: {not: null}}
      columns:
        touch_id: hs_object_id
        opportunity_id: hs_object_id
        partner_id: partner_id
        touch_type: {value: crm_tag}
        touched_at: createdate
        source_system: {value: hubspot}
"""


def company(number: int, **values: str) -> HubSpotRecord:
    own = {"hs_object_id": str(number), "type": "PROSPECT", "domain": ""}
    return HubSpotRecord(number, "2026-03-01T10:00:00Z", own | values)


def one_won_deal(token: str) -> HubSpotServer:
    """A server with one deal that is won, its company and a partner."""
    won = {
        "hs_object_id": "70",
        "dealname": "Big one",
        "dealstage": "closedwon",
        "amount": "1250.5",
        "createdate": "2026-01-05T09:30:00.123Z",
        "closedate": "2026-03-01T00:00:00Z",
        "partner_id": "9",
    }
    companies = [company(8, name="Alpha", domain="alpha.example")]
    companies.append(company(9, name="Acme", type="PARTNER"))
    deals = [HubSpotRecord(70, "2026-03-01T10:00:00Z", dict(won))]
    server = HubSpotServer(token, {"companies": companies, "deals": deals})
    server.associations = {("deals", "companies", 70): {8: True, 9: False}}
    return server


def test_ingest__tables_from_hubspot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = tmp_path / "crm.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    params = params_of(mapping, output_root=tmp_path / "outputs")
    assert len(source_problems(params)) == 2  # one for each object: the variable is not set
    server = one_won_deal(TOKEN)
    with running(server) as url:
        monkeypatch.setenv("HUBSPOT_API_URL", url)
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
        assert source_problems(params) == []
        assert server.asked == []
        found = ingest(params, into=tables_in(tmp_path))
    tables = found.tables
    assert found.rejects.is_empty()
    assert tables[Accounts].select("account_id", "domain").rows() == [("8", "alpha.example")]
    assert tables[Partners].select("partner_id", "name").rows() == [("9", "Acme")]
    assert tables[Touches].select("opportunity_id", "partner_id").rows() == [("70", "9")]
    one = tables[Opportunities].row(0, named=True)
    assert (one["account_id"], one["status"], str(one["amount"])) == ("8", "won", "1250.50")
    assert one["created_at"] == datetime(2026, 1, 5, 9, 30, 0, 123000, tzinfo=UTC)
