"""Objects of Salesforce over real HTTP: whole, then only changes, and all that goes wrong."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.crm_servers import DROP, Answer, SalesforceServer, as_json, running
from tests.unit.test_ingest import params_of, tables_in
from workbench.contracts import AccountMerges, Accounts, Opportunities, Partners, Touches
from workbench.errors import ParameterError, SourceError
from workbench.ingest import ingest, source_problems
from workbench.sources.crm_api import RETRIES, base_url, must_be_installed
from workbench.sources.extracts import Landed
from workbench.sources.mapping import SalesforceObject, read_mapping
from workbench.sources.salesforce import SalesforceExtract

TOKEN = "00Dxx0000001gPL!AR8AQP0jITN80ESEsj5EbaZTFG0R"
READ_AT = datetime(2026, 4, 1, 8, tzinfo=UTC)


def opportunity(number: int, changed: str, **values: str) -> dict[str, str]:
    return {
        "Id": f"006xx000001Sv{number:02}AAA",
        "SystemModstamp": f"{changed}.000Z",
        "IsDeleted": "false",
        "Name": f"Opportunity {number}",
        "Amount": "1250.5",
        "Account.Name": "Alpha",
        **values,
    }


OPPORTUNITIES = [
    opportunity(3, "2026-03-03T10:00:00"),
    opportunity(1, "2026-03-01T10:00:00", Name='Näher, "am"\nKunden'),
    opportunity(5, "2026-03-05T10:00:00", Amount=""),
    opportunity(2, "2026-03-02T10:00:00"),
    opportunity(4, "2026-03-04T10:00:00"),
]


@dataclass(frozen=True)
class Place:
    """A server, and how to read from it."""

    server: SalesforceServer
    url: str
    folder: Path

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    def extract(self, fields: str = "Id Name Amount", **wanted: str) -> SalesforceExtract:
        asked = {"object": "Opportunity", "fields": fields.split(), **wanted}
        return SalesforceExtract(
            "opportunities",
            SalesforceObject.model_validate(asked),
            self.kept,
            READ_AT,
            retries=RETRIES.new(backoff_factor=0),
            first_poll_seconds=0,
        )

    def land(self, extract: SalesforceExtract | None = None) -> Landed:
        into = self.folder / "landed"
        into.mkdir(exist_ok=True)
        return (extract or self.extract()).land(into)

    def rows(self, extract: SalesforceExtract | None = None) -> list[tuple[str | None, ...]]:
        return pl.read_parquet(self.land(extract).path).rows()

    def failure(self, extract: SalesforceExtract | None = None) -> str:
        with pytest.raises(SourceError) as failed:
            self.land(extract)
        assert TOKEN not in str(failed.value)
        return str(failed.value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    server = SalesforceServer(TOKEN, {"Opportunity": [dict(record) for record in OPPORTUNITIES]})
    with running(server) as url:
        monkeypatch.setenv("SALESFORCE_INSTANCE_URL", url)
        monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", TOKEN)
        yield Place(server, url, tmp_path)


def test_land__three_pages_as_the_api_writes_them(place: Place) -> None:
    landed = place.land()
    assert pl.read_parquet(landed.path).rows() == [
        ("006xx000001Sv01AAA", 'Näher, "am"\nKunden', "1250.5"),
        ("006xx000001Sv02AAA", "Opportunity 2", "1250.5"),
        ("006xx000001Sv03AAA", "Opportunity 3", "1250.5"),
        ("006xx000001Sv04AAA", "Opportunity 4", "1250.5"),
        ("006xx000001Sv05AAA", "Opportunity 5", None),
    ]
    assert landed.notes == ()
    assert len(place.server.asked_for("/results")) == 3
    assert place.server.queries() == [
        "queryAll: SELECT Id, SystemModstamp, IsDeleted, Name, Amount FROM Opportunity"
    ]


def test_land__the_second_time_only_changes_are_asked_for(place: Place) -> None:
    first = place.land()
    place.server.objects["Opportunity"][3] = opportunity(2, "2026-03-05T11:00:00", Name="New name")
    place.server.objects["Opportunity"] += [opportunity(6, "2026-03-05T12:00:00")]
    second = place.land()
    assert place.server.queries()[1].endswith("WHERE SystemModstamp >= 2026-03-05T09:50:00Z")
    rows = pl.read_parquet(second.path)
    assert rows.height == 6
    assert rows["Name"][1] == "New name"
    assert second.sha256 != first.sha256
    # What comes together from two readings is what one reading of everything gives.
    elsewhere = replace(place.extract(), kept=place.folder / "elsewhere")
    assert place.land(elsewhere).sha256 == second.sha256


def test_land__nothing_changed(place: Place) -> None:
    place.server.objects["Opportunity"] = place.server.objects["Opportunity"][:2]
    first = place.land()
    place.server.objects["Opportunity"] = []
    place.server.disturb("describe", as_json({"fields": _described(OPPORTUNITIES[0])}))
    assert place.land().sha256 == first.sha256


def _described(record: dict[str, str]) -> list[dict[str, object]]:
    return [{"name": name, "calculated": False} for name in record if "." not in name]


def test_land__no_records_at_all(place: Place) -> None:
    place.server.objects["Opportunity"] = []
    place.server.disturb("describe", as_json({"fields": _described(OPPORTUNITIES[0])}))
    assert pl.read_parquet(place.land().path).schema == {
        "Id": pl.String,
        "Name": pl.String,
        "Amount": pl.String,
    }


def test_land__a_deleted_record_is_left_out_and_counted(place: Place) -> None:
    place.land()
    place.server.objects["Opportunity"][0] |= {
        "IsDeleted": "true",
        "SystemModstamp": "2026-03-06T10:00:00.000Z",
    }
    for _ in range(2):  # the next run says the same
        landed = place.land()
        ids = pl.read_parquet(landed.path)["Id"]
        assert "006xx000001Sv03AAA" not in ids
        assert len(ids) == 4
        assert landed.notes == ("opportunities: 1 record deleted in Salesforce left out.",)


def test_land__a_merged_record_stays_when_its_master_is_asked_for(place: Place) -> None:
    for record in place.server.objects["Opportunity"]:
        record["MasterRecordId"] = ""
    place.server.objects["Opportunity"][0] |= {"IsDeleted": "true", "MasterRecordId": "M1"}
    place.server.objects["Opportunity"][1] |= {"IsDeleted": "true"}
    assert [row[1] for row in place.rows(place.extract("Id MasterRecordId"))] == [
        None,
        "M1",
        None,
        None,
    ]


def test_land__an_object_that_cannot_be_deleted(place: Place) -> None:
    for record in place.server.objects["Opportunity"]:
        del record["IsDeleted"]
    assert len(place.rows()) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": "Id Name Amount Account.Name"},
        {"where": "Name = 'Opportunity 2'"},
        {"fields": "Id Name"},
    ],
    ids=["a field of another object", "a condition", "other fields than last time"],
)
def test_land__read_whole_where_changes_would_leave_no_trace(
    place: Place, changes: dict[str, str]
) -> None:
    place.land()
    place.server.objects["Opportunity"][3] |= {"Account.Name": "Beta", "Amount": "3"}
    rows = place.rows(place.extract(**changes))
    again = place.server.queries()[1]
    assert "SystemModstamp >=" not in again
    if "Account.Name" in changes.get("fields", ""):
        assert rows[1] == ("006xx000001Sv02AAA", "Opportunity 2", "3", "Beta")
    if "where" in changes:
        assert again.endswith("WHERE (Name = 'Opportunity 2')")
        assert len(rows) == 1


def test_land__a_formula_is_read_whole(place: Place) -> None:
    place.server.formulas = {"Amount"}
    place.land()
    place.land()
    assert len({*place.server.queries()}) == 1


def test_land__read_whole_again_after_a_fortnight(place: Place) -> None:
    place.land()
    place.land(replace(place.extract(), read_at=datetime(2026, 4, 14, 8, tzinfo=UTC)))
    place.land(replace(place.extract(), read_at=datetime(2026, 4, 15, 9, tzinfo=UTC)))
    assert ["SystemModstamp >=" in query for query in place.server.queries()] == [
        False,
        True,
        False,
    ]


def test_land__names_of_fields_in_any_case(place: Place) -> None:
    assert place.rows(place.extract("id NAME"))[1] == ("006xx000001Sv02AAA", "Opportunity 2")


def test_land__waits_as_long_as_the_server_says(place: Place) -> None:
    busy = as_json([{"message": "busy", "errorCode": "LIMIT"}], 429, **{"Retry-After": "1"})
    place.server.disturb("/results", busy)
    began = time.monotonic()
    assert len(place.rows()) == 5
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("path", ["describe", "/jobs/query", "/results"])
def test_land__asks_again(place: Place, path: str) -> None:
    failing = Answer("<html>Server Error</html>", 500)
    place.server.disturb(path, DROP, failing, failing)
    assert len(place.rows()) == 5


def test_land__a_server_that_stays_down(place: Place) -> None:
    place.server.disturb("/results", *[Answer("down", 503)] * 20)
    said = place.failure()
    assert "salesforce.opportunities: Salesforce answers 503: down" in said
    assert "try again later" in said
    assert len(place.server.asked_for("/results")) == 7


def test_land__a_connection_that_always_drops(place: Place) -> None:
    place.server.disturb("/results", *[DROP] * 20)
    assert "cannot be reached, or drops the connection." in place.failure()


def test_land__an_interrupted_reading_leaves_what_is_kept(place: Place) -> None:
    place.land()
    before = {file: file.read_bytes() for file in place.kept.iterdir()}
    for record in place.server.objects["Opportunity"]:
        record["SystemModstamp"] = "2026-03-07T10:00:00.000Z"
    fine = place.server.answer
    answered: list[str] = []

    def one_page_then_none(request):
        if request.path.endswith("/results"):
            answered.append(request.path)
            return fine(request) if len(answered) == 1 else Answer("down", 503)
        return fine(request)

    place.server.answer = one_page_then_none
    place.failure()
    assert answered[1:]
    assert {file: file.read_bytes() for file in place.kept.iterdir()} == before
    place.server.answer = fine
    assert len(place.rows()) == 5


def test_land__a_broken_file_of_kept_records_is_no_matter(place: Place) -> None:
    place.land()
    (place.kept / "opportunities.parquet").write_bytes(b"PAR1 and nothing else")
    assert len(place.rows()) == 5


def test_land__a_token_that_is_refused(place: Place) -> None:
    place.server.token = "another"
    assert place.failure() == (
        "salesforce.opportunities: the token in SALESFORCE_ACCESS_TOKEN is refused or expired: "
        "INVALID_SESSION_ID Session expired or invalid\nHint: put a new one into the environment."
    )


def test_land__the_daily_limit(place: Place) -> None:
    said = {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    place.server.disturb("/jobs/query", as_json([said], 403))
    assert place.failure() == (
        "salesforce.opportunities: Salesforce answers 403: REQUEST_LIMIT_EXCEEDED TotalRequests "
        "Limit exceeded.\nHint: the limit of API requests is reached; run again when it is renewed."
    )


def test_land__a_query_that_fails(place: Place) -> None:
    failed = {"id": "7500", "state": "Failed", "errorMessage": f"MALFORMED_QUERY near {TOKEN}"}
    place.server.disturb("/jobs/query/7500", as_json(failed))
    assert "the query failed: MALFORMED_QUERY near ***" in place.failure()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("describe", Answer("<html>Sign in</html>")),
        ("describe", as_json({"unexpected": 1})),
        ("/jobs/query", as_json({"state": "UploadComplete"})),
        ("/results", Answer("<html>Sign in</html>")),
        ("/results", Answer("Id,Name\n1,x\n", headers={"Sforce-NumberOfRecords": "1"})),
        (
            "/results",
            Answer(
                "Id,SystemModstamp,IsDeleted,Name,Amount\n1,x\n",
                headers={"Sforce-NumberOfRecords": "1"},
            ),
        ),
    ],
)
def test_land__something_else_than_records(place: Place, path: str, answer: Answer) -> None:
    place.server.disturb(path, answer)
    assert "answered with something else than records" in place.failure()
    assert not place.kept.exists()


def test_land__a_redirect_is_not_followed(place: Place) -> None:
    place.server.disturb("describe", Answer("", 302, {"Location": f"{place.url}/elsewhere"}))
    place.failure()
    assert not place.server.asked_for("/elsewhere")


def test_land__every_unknown_field_at_once(place: Place) -> None:
    said = place.failure(place.extract("Id Nmae Amount Region__c"))
    assert "Opportunity has no 'Nmae'.\n    Hint: did you mean 'Name'?" in said
    assert "Opportunity has no 'Region__c'." in said


def test_land__an_unknown_object(place: Place) -> None:
    assert "answers 404: NOT_FOUND" in place.failure(place.extract(object="Deal"))


def test_land__no_server(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_INSTANCE_URL", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached" in place.failure()


def test_land__client_credentials(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALESFORCE_ACCESS_TOKEN")
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "3MVG9")
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "hush-hush")
    assert len(place.rows()) == 5
    (asked,) = place.server.asked_for("/services/oauth2/token")
    assert asked.body == ("grant_type=client_credentials&client_id=3MVG9&client_secret=hush-hush")
    refusal = {"error": "invalid_client", "error_description": "hush-hush is wrong"}
    place.server.disturb("/services/oauth2/token", as_json(refusal, 400))
    said = place.failure()
    assert "in SALESFORCE_CLIENT_SECRET is refused or expired: invalid_client *** is wrong" in said
    assert "hush" not in said


def test_header__the_fields_without_a_request(place: Place) -> None:
    assert place.extract("Id Account.Name").header() == ["Id", "Account.Name"]
    assert place.server.asked == []


def test_header__every_variable_that_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="2 are not set: CRM_INSTANCE_URL, CRM_ACCESS_TOKEN"):
        place.extract(connection="CRM").header()
    monkeypatch.setenv("SALESFORCE_INSTANCE_URL", f"http://example.com/{TOKEN}")
    with pytest.raises(SourceError, match="SALESFORCE_INSTANCE_URL holds no https") as failed:
        place.extract().header()
    assert TOKEN not in str(failed.value)


def test_base_url__a_password_in_the_address_is_not_repeated() -> None:
    for given in ("https://me:hush@example.com:8443/path?sid=hush", "https://example.com:8443"):
        assert base_url(given, variable="X", where="x") == "https://example.com:8443"
    for given in ("", "example.com", "ftp://example.com", "https://[", "http://example.com"):
        with pytest.raises(SourceError, match="X holds no https address"):
            base_url(given, variable="X", where="x")


def test_must_be_installed__names_the_extra() -> None:
    with pytest.raises(SourceError, match=r"partner-revenue-workbench\[salesforce\]"):
        must_be_installed("a_package_that_is_not_there", extra="salesforce", where="salesforce.x")


def test_secrets__the_token_stays_in_the_environment(place: Place) -> None:
    extract = place.extract()
    landed = place.land(extract)
    assert {request.token for request in place.server.asked} == {TOKEN}
    assert TOKEN not in repr(extract) + repr(landed)
    files = [file for file in place.folder.rglob("*") if file.is_file()]
    assert len(files) == 2
    assert not [file for file in files if TOKEN.encode() in file.read_bytes()]


def test_mapping__a_token_is_no_connection(tmp_path: Path) -> None:
    mapping = tmp_path / "crm.yaml"
    asked = f"{{object: Account, fields: [Id, id], connection: '{TOKEN}'}}"
    mapping.write_text(f"salesforce: {{accounts: {asked}}}\ntables: {{touches: empty}}\n")
    with pytest.raises(ParameterError) as failed:
        read_mapping(mapping)
    assert "'salesforce.accounts.connection': it begins no name" in str(failed.value)
    assert "'salesforce.accounts.fields': 'Id' stands there twice." in str(failed.value)
    assert TOKEN not in str(failed.value)


def test_mapping__one_name_for_two_things(tmp_path: Path) -> None:
    mapping = tmp_path / "crm.yaml"
    mapping.write_text(
        "salesforce: {records: {object: Account, fields: [Id]}}\n"
        "hubspot: {records: {object: deals, properties: [amount]}}\n"
        "tables: {touches: empty}\n"
    )
    with pytest.raises(ParameterError, match="'records' is the name of two things"):
        read_mapping(mapping)


def test_source_problems__an_entry_that_no_table_reads(tmp_path: Path) -> None:
    mapping = tmp_path / "crm.yaml"
    mapping.write_text(
        "salesforce: {records: {object: Account, fields: [Id]}}\ntables: {touches: empty}\n"
    )
    problems = source_problems(params_of(mapping, output_root=tmp_path))
    assert "no table reads 'salesforce.records'." in [problem.what for problem in problems]


MAPPING = """
salesforce:
  accounts: {object: Account, fields: [Id, Name, MasterRecordId, SystemModstamp]}
  opportunities:
    object: Opportunity
    fields: [Id, AccountId, StageName, IsClosed, IsWon, CreatedDate, CloseDate, Amount, Owner.Name]
  opportunity_partners:
    object: OpportunityPartner
    fields: [Id, OpportunityId, AccountToId, Role, CreatedDate]
  partner_accounts: {object: Account, fields: [Id, Name, Type], where: "IsPartner = 'true'"}
tables:
  accounts:
    from:
      file: accounts
      where: {MasterRecordId: null}
      columns: {account_id: Id, name: Name, is_target: {value: false}}
  account_merges:
    from:
      file: accounts
      where: {MasterRecordId: {not: null}}
      columns:
        merged_account_id: Id
        surviving_account_id: MasterRecordId
        merged_at: SystemModstamp
  partners:
    from:
      file: partner_accounts
      columns:
        partner_id: Id
        name: Name
        partner_type: {from: Type, words: {Reseller: reseller}, otherwise: technology}
        active: {value: true}
  opportunities:
    from:
      file: opportunities
      columns:
        opportunity_id: Id
        account_id: AccountId
        opportunity_type: {value: new_business}
        stage: StageName
        status: {from: StageName, words: {Closed Won: won}, otherwise: open}
        created_at: CreatedDate
        closed_at: {from: CloseDate, when: {IsClosed: "true"}}
        amount: Amount
        currency: {value: USD}
        owner: Owner.Name
        source_system: {value: salesforce}
  touches:
    from:
      file: opportunity_partners
      columns:
        touch_id: Id
        opportunity_id: OpportunityId
        partner_id: AccountToId
        touch_type: {value: crm_tag}
        touched_at: CreatedDate
        source_system: {value: salesforce}
"""


def record(number: str, **values: str) -> dict[str, str]:
    changed = "2026-03-01T10:00:00.000Z"
    return {"Id": number, "SystemModstamp": changed, "IsDeleted": "false", **values}


def account(number: str, name: str, **values: str) -> dict[str, str]:
    return record(number, Name=name, MasterRecordId="", Type="", IsPartner="false") | values


SALES = {
    "Account": [
        account("001A", "Alpha"),
        account("001B", "Alpha GmbH", IsDeleted="true", MasterRecordId="001A"),
        account("001C", "Gone", IsDeleted="true"),
        account("001P", "Acme", Type="Reseller", IsPartner="true"),
    ],
    "Opportunity": [
        record(
            "006A",
            AccountId="001A",
            StageName="Closed Won",
            IsClosed="true",
            IsWon="true",
            CreatedDate="2026-01-05T09:30:00.000Z",
            CloseDate="2026-03-01",
            Amount="1250.5",
            **{"Owner.Name": "S. Seller"},
        )
    ],
    "OpportunityPartner": [
        record(
            "00IA",
            OpportunityId="006A",
            AccountToId="001P",
            Role="Reseller",
            CreatedDate="2026-01-06T09:30:00.000Z",
        )
    ],
}


def test_ingest__tables_from_salesforce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = tmp_path / "crm.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    params = params_of(mapping, output_root=tmp_path / "outputs")
    assert len(source_problems(params)) == 4  # one for each object: the variables are not set
    server = SalesforceServer(TOKEN, SALES)
    with running(server) as url:
        monkeypatch.setenv("SALESFORCE_INSTANCE_URL", url)
        monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", TOKEN)
        assert source_problems(params) == []
        assert server.asked == []
        found = ingest(params, into=tables_in(tmp_path))
    tables = found.tables
    assert found.rejects.is_empty()
    assert tables[Accounts]["account_id"].to_list() == ["001A", "001P"]
    assert tables[AccountMerges].select(pl.first(), pl.nth(1)).rows() == [("001B", "001A")]
    assert tables[Partners].select("partner_id", "partner_type").rows() == [("001P", "reseller")]
    assert tables[Touches].select("opportunity_id", "partner_id", "touch_type").rows() == [
        ("006A", "001P", "crm_tag")
    ]
    won = tables[Opportunities].row(0, named=True)
    assert (won["status"], str(won["amount"]), won["owner"]) == ("won", "1250.50", "S. Seller")
    assert won["created_at"] == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    kept = tmp_path / "outputs" / "extracts" / "crm"
    assert {file.name for file in kept.iterdir()} == {
        "accounts.parquet",
        "opportunity_partners.parquet",
    }
    assert any("deleted in Salesforce" in note for note in found.notes)
