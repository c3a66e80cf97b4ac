from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from workbench.contracts import CANONICAL_TABLES
from workbench.errors import SourceError
from workbench.mapping_proposal import Proposal, mapping_proposal
from workbench.mapping_proposal.fits import fit, number_example
from workbench.mapping_proposal.guesses import guesses, kind
from workbench.mapping_proposal.looks import looks_at, pattern_of, together
from workbench.mapping_proposal.names import meaning, name_likeness, plain, wanted
from workbench.mapping_proposal.text import flow, scalar
from workbench.sources.mapping import Mapping, read_mapping

PROJECT = Path(__file__).resolve().parents[2]
REAL = PROJECT.parent / "shared" / "data"
EXPORTS = PROJECT / "tests" / "golden" / "exports"


def proposed(*files: Path) -> Proposal:
    return mapping_proposal(files, mapping_file=Path("params/sources/mine.yaml"))


def loaded(proposal: Proposal, folder: Path) -> Mapping:
    """Every proposal is a mapping that can be read, whatever is still open in it."""
    path = folder / "proposed.yaml"
    path.write_text(proposal.text, encoding="utf-8")
    return read_mapping(path)


def test_names__say_something_about_every_column_of_a_contract():
    for contract in CANONICAL_TABLES:
        known = {name for name in wanted(contract.table_name()) if not name.startswith("also.")}
        left_out = {"first_seen_at", "source_system", "crm_partner_id"}
        assert known == set(contract.dtypes()) - left_out, contract.table_name()
        assert all(kind(contract.table_name(), name) for name in known)


@pytest.mark.parametrize(
    "header", ["CloseDate", "Close Date", "close_date", "property_closedate", "Close_Date__c"]
)
def test_plain__one_name_however_a_program_writes_it(header):
    assert plain(header) == "closedate"
    assert name_likeness(header, "opportunities", "closed_at") == (1.0, "the header is a synonym")


@pytest.mark.parametrize(
    ("header", "column", "likeness"),
    [
        ("amount", "amount", 1.0),
        ("Deal - Value", "amount", 1.0),
        ("Auftragswert (EUR)", "amount", 1.0),
        ("Deal - Title", "name", 1.0),
        ("Oportunity ID", "opportunity_id", 0.86),  # a slip of the pen
        ("Datensatz-ID", "opportunity_id", 1.0),
        ("Erstellungsdatum", "created_at", 1.0),
        ("value.amount", "amount", 0.95),
        ("owner.name", "owner", 0.95),
        ("Weather", "amount", 0.0),
    ],
)
def test_name_likeness__near_misses_count_for_less(header, column, likeness):
    found, _ = name_likeness(header, "opportunities", column)
    assert found == pytest.approx(likeness, abs=0.03)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Closed Won", "won"),
        ("closedwon", "won"),
        ("Gewonnen", "won"),
        ("Closed Lost - No Budget", "lost"),
        ("Won, then lost", ""),  # says both
        ("Prospect", ""),
    ],
)
def test_meaning__of_a_stage(word, meant):
    assert meaning(word, "opportunities.status") == meant


@pytest.mark.parametrize(
    ("values", "spec", "doubt"),
    [
        (["2026-03-01", "2026-03-02T10:00:00Z"], {}, ""),
        (["31.10.2026", "01.11.2026"], {"formats": "%d.%m.%Y"}, ""),
        (["10/31/2026", "11/1/2026"], {"formats": "%m/%d/%Y"}, ""),
        (["31/10/2026", "01/11/2026"], {"formats": "%d/%m/%Y"}, ""),
        (["3/4/2026"], {"formats": "%m/%d/%Y"}, "they are dates %d/%m/%Y just as well"),
        (["10/31/2026", "11/1/2026 14:30"], {"formats": ["%m/%d/%Y", "%m/%d/%Y %H:%M"]}, ""),
        (["1767225600000"], {"formats": "epoch_ms"}, ""),
    ],
)
def test_fit__dates(values, spec, doubt):
    found = fit("instant", pl.Series(values), words="")
    assert (found.share, found.spec, found.doubt) == (1.0, spec, doubt)


@pytest.mark.parametrize(
    ("values", "example"),
    [
        (["1250", "1250.5"], ""),
        (["1.250,50", "980,00"], "1.250,50"),
        (["$1,250.50", "$980.00", "($3.00)"], "$1,250.50"),
        (["1 250,50 €", "980,00 €"], "1 250,50 €"),
        (["1'250.50"], "1'250.50"),
        (["a lot"], ""),
        ([], ""),
    ],
)
def test_number_example__as_the_file_writes_them(values, example):
    assert number_example(pl.Series(values, dtype=pl.String)) == example


def test_fit__a_word_that_nobody_knows_stays_open():
    texts = pl.Series(["New Business", "Renewal", "Misc", None])
    found = fit("words", texts, words="opportunities.opportunity_type")
    assert found.spec == {"words": {"New Business": "new_business", "Renewal": "renewal"}}
    assert found.open_words == ("Misc",)
    assert found.share == pytest.approx(2 / 3)


def test_fit__percent_and_yes_or_no():
    assert fit("number", pl.Series(["10", "75.5"]), words="").spec == {"divide_by": 100}
    assert fit("number", pl.Series(["0.1", "1"]), words="").spec == {}
    assert fit("truth", pl.Series(["ja", "nein"]), words="").spec == {
        "words": {"ja": True, "nein": False}
    }
    assert fit("truth", pl.Series(["TRUE", "false"]), words="").spec == {}


def test_guesses__values_contradict_a_name():
    rows = pl.DataFrame({"Id": ["1", "2"], "Close Date": ["soon", "later"]})
    assert "closed_at" not in guesses("opportunities", rows)


def test_guesses__salesforce_ids_speak_for_themselves():
    rows = pl.DataFrame({"Column A": ["006Qx00000AbCdE", "006Qx00000AbCdF"], "B": ["x", "y"]})
    found = guesses("opportunities", rows)
    assert found["opportunity_id"].spec["from"] == "Column A"
    assert not found["opportunity_id"].is_sure


def test_guesses__empty_frame():
    assert guesses("opportunities", pl.DataFrame()) == {}
    empty = pl.DataFrame({"Amount": []}, schema={"Amount": pl.String})
    assert guesses("opportunities", empty)["amount"].reason.endswith("the column is empty")


@pytest.mark.parametrize(
    ("content", "form", "columns"),
    [
        (b"a,b\n1,2\n", {}, ["a", "b"]),
        (b"a;b\n1,5;2\n", {"delimiter": ";"}, ["a", "b"]),
        ("ä;b\n1;2\n".encode("cp1252"), {"delimiter": ";", "encoding": "cp1252"}, ["ä", "b"]),
        ("a\tb\n1\t2\n".encode("utf-16"), {"delimiter": "\t"}, ["a", "b"]),
        (b"Deals of May\n\na,b\n1,2\n", {"skip_lines": 2}, ["a", "b"]),
        (b"a,b\n1,2\n\n\nMade by us\nAll rights\n", {"footer": "Made by us"}, ["a", "b"]),
        (b'a,b\n"1\n2",3\n', {}, ["a", "b"]),
    ],
)
def test_look_at__how_a_file_is_written(tmp_path, content, form, columns):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    (look,) = looks_at(path)
    assert (look.form, look.rows.columns, look.rows.height) == (form, columns, 1)


def test_look_at__parquet_and_a_file_of_one_column(tmp_path):
    pl.DataFrame({"a": [1, None], "b": ["x", " "]}).write_parquet(tmp_path / "a.parquet")
    assert looks_at(tmp_path / "a.parquet")[0].rows.rows() == [("1", "x"), (None, None)]
    (tmp_path / "one.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no sign divides its lines"):
        looks_at(tmp_path / "one.csv")


def write_workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def test_looks_at__each_sheet_of_a_workbook(tmp_path):
    header, row = ["Id", "Name", "Stage"], ["1", "Alpha", "Won"]
    write_workbook(
        tmp_path / "crm.xlsx",
        {
            "Deals": [["Deals of May"], [], header, row, row, [], ["Made by us"]],
            "Firmen": [["Id", "Name", "Segment"], ["1", "Alpha", "S"], ["2"]],
            "Empty": [],
        },
    )
    deals, companies, empty = looks_at(tmp_path / "crm.xlsx")
    assert (deals.name, deals.form) == (
        "Deals",
        {"path": "crm.xlsx", "sheet": "Deals", "skip_lines": 2, "footer": "Made by us"},
    )
    assert deals.rows.rows() == [tuple(row), tuple(row)]
    assert companies.form == {"path": "crm.xlsx", "sheet": "Firmen"}
    assert empty.rows.columns == []


def test_looks_at__a_workbook_of_one_sheet_is_the_file(tmp_path):
    write_workbook(tmp_path / "crm.xlsx", {"Deals": [["Id", "Name"], ["1", "Alpha"]]})
    (look,) = looks_at(tmp_path / "crm.xlsx")
    assert (look.name, look.form) == ("crm.xlsx", {})


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ('[{"a": 1}]', {"crm.json": {}}),
        ('{"n": 1, "tags": ["x"], "data": {"deals": [{"a": 1}]}}', {"crm.json": "data.deals"}),
        (
            '{"now": {"deals": [{"a": 1}]}, "old": {"deals": [{"b": 2}]}}',
            {"now deals": "now.deals", "old deals": "old.deals"},
        ),
    ],
)
def test_looks_at__each_list_of_a_json_document(tmp_path, text, forms):
    (tmp_path / "crm.json").write_text(text, encoding="utf-8")
    looks = looks_at(tmp_path / "crm.json")
    assert {look.name: look.form.get("records", {}) for look in looks} == forms


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["deals_2026-09.csv", "deals_2026-10.csv"], "deals_*.csv"),
        (["deals-emea.csv", "deals-amer.csv"], "deals-*.csv"),
        (["deals1.csv", "deals2.csv"], "deals*.csv"),
        (["partners.csv", "products.csv"], ""),
        (["2026-09.csv", "2026-10.csv"], ""),
    ],
)
def test_pattern_of__names_that_differ_in_a_number_or_behind_a_sign(names, pattern):
    assert pattern_of(names) == pattern


def test_proposal__one_table_in_several_files(tmp_path):
    header = "Deal ID,Company,Stage,Amount,Created Date,Type"
    for month in ("09", "10"):
        (tmp_path / f"deals_2026-{month}.csv").write_text(
            f"{header}\n{month},Alpha,Won,5,2026-{month}-01,Renewal\n", encoding="utf-8"
        )
    files = sorted(tmp_path.glob("*.csv"))
    part = loaded(proposed(*files), tmp_path).tables["opportunities"].parts[0]
    assert part.file == "deals_*.csv"
    # A third file of the same pattern is no piece of them.
    (tmp_path / "deals_notes.csv").write_text("Deal ID,Note\n1,x\n", encoding="utf-8")
    apart = loaded(proposed(*files, tmp_path / "deals_notes.csv"), tmp_path)
    assert apart.tables["opportunities"].parts[0].file == "deals_2026-09.csv"


def test_together__sheets_of_one_name_in_two_workbooks(tmp_path):
    for number, name in enumerate(("emea", "amer")):
        rows = [["Id", f"Name {number}"], ["1", "Alpha"]]
        write_workbook(tmp_path / f"{name}.xlsx", {"Deals": rows, "About": []})
    looks = [look for path in sorted(tmp_path.glob("*.xlsx")) for look in looks_at(path)]
    names = [look.name for look in together(looks)]
    assert names == ["amer Deals", "amer About", "emea Deals", "emea About"]


def test_proposal__one_table_in_several_sheets(tmp_path):
    header = ["Deal ID", "Company", "Stage", "Amount", "Created Date", "Type"]
    row = ["Alpha", "Won", 5, "2026-09-01", "Renewal"]
    months = {"Sep": [header, ["1", *row]], "Oct": [header, ["2", *row]]}
    write_workbook(tmp_path / "crm.xlsx", months)
    mapping = loaded(proposed(tmp_path / "crm.xlsx"), tmp_path)
    assert mapping.tables["opportunities"].parts[0].file == "crm.xlsx"
    assert mapping.files["crm.xlsx"].sheets == ("Sep", "Oct")


def test_proposal__objects_within_json_records(tmp_path):
    (tmp_path / "crm.json").write_text(
        '{"deals": [{"id": "1", "value": {"amount": 5.5, "currency": "GBP"}, "partner": null,'
        ' "stage": {"name": "Won"}, "owner": {"name": "P. Q."}, "created_at": "2026-01-01"},'
        ' {"id": "2", "value": {"amount": 6, "currency": "GBP"}, "partner": {"name": "Acme"},'
        ' "stage": {"name": "Lost"}, "owner": {"name": "P. Q."}, "created_at": "2026-01-02"}]}',
        encoding="utf-8",
    )
    tables = loaded(proposed(tmp_path / "crm.json"), tmp_path).tables
    columns = tables["opportunities"].parts[0].columns
    assert {name: columns[name].source for name in ("amount", "currency", "owner", "stage")} == {
        "amount": ("value.amount",),
        "currency": ("value.currency",),
        "owner": ("owner.name",),
        "stage": ("stage.name",),
    }
    assert tables["touches"].parts[0].columns["partner_id"].source == ("partner.name",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Close Date", "Close Date"),
        ("Deal - ID", "Deal - ID"),
        ("Yes", '"Yes"'),
        ("100", '"100"'),
        ("a: b", '"a: b"'),
        ("x #1", '"x #1"'),
        ('say "so"', '"say \\"so\\""'),
        ("- dash", '"- dash"'),
        ("", '""'),
        (None, "null"),
        (True, "true"),
    ],
)
def test_scalar__is_read_back_as_it_was(value, text):
    assert scalar(value) == text


def test_flow__nested():
    assert flow({"from": "A", "when": {"B": {"not": [None, "x"]}}}) == (
        "{from: A, when: {B: {not: [null, x]}}}"
    )


def test_proposal__names_of_columns_that_yaml_would_trip_over(tmp_path):
    header = '"Id","Stage: now","Amount #1","Created: ""at"""'
    (tmp_path / "deals.csv").write_text(
        f"{header}\n1,Won,5,2026-01-01\n2,Lost,6,2026-01-02\n", encoding="utf-8"
    )
    loaded(proposed(tmp_path / "deals.csv"), tmp_path)


def test_proposal__a_dot_in_a_header_is_no_look_up(tmp_path):
    (tmp_path / "deals.csv").write_text(
        "Chancen-Nr.;Phase;Betrag;Erstellt am;Kunden.Nr.\n1;Gewonnen;5;2026-01-01;7\n",
        encoding="utf-8",
    )
    part = loaded(proposed(tmp_path / "deals.csv"), tmp_path).tables["opportunities"].parts[0]
    assert part.columns["opportunity_id"].source == ("Chancen-Nr.",)
    assert part.columns["account_id"].source == ("Kunden.Nr.",)


def test_proposal__names_of_partners_through_a_look_up(tmp_path):
    (tmp_path / "deals.csv").write_text(
        "Id,Stage,Amount,Created Date,Account Name,Partner\n"
        "1,Closed Won,5,2026-01-01,Alpha,Acme\n2,Closed Lost,6,2026-01-02,Beta,\n",
        encoding="utf-8",
    )
    (tmp_path / "partners.csv").write_text(
        "Partner ID,Partner Name,Type\nP1,Acme,Reseller\nP2,Other,SI\n", encoding="utf-8"
    )
    mapping = loaded(proposed(tmp_path / "deals.csv", tmp_path / "partners.csv"), tmp_path)
    part = mapping.tables["opportunities"].parts[0]
    assert part.columns["crm_partner_id"].source == ("partner.Partner ID", "Partner")
    assert part.lookups["partner"].on == {"Partner": "Partner Name"}
    types = mapping.tables["partners"].parts[0].columns["partner_type"].words
    assert types == {"Reseller": "reseller", "SI": "services"}


def test_proposal__touches_name_accounts_and_partners(tmp_path):
    """A name that the look-up lacks stays as it is: the run then suggests whose it may be."""
    (tmp_path / "deals.csv").write_text(
        "Deal ID,Company ID,Stage,Amount,Created Date,Type\n1,A1,Won,5,2026-01-01,Renewal\n",
        encoding="utf-8",
    )
    (tmp_path / "companies.csv").write_text("Company ID,Company\nA1,Alpha\n", encoding="utf-8")
    (tmp_path / "partners.csv").write_text(
        "Partner ID,Partner Name,Type\nP1,Acme,Reseller\n", encoding="utf-8"
    )
    (tmp_path / "touches.csv").write_text(
        "Touch ID,Company,Partner,Type,Date\nT1,Alpha,Acme,Intro,2026-01-01\n"
        "T2,Alpha,Acme Ltd,Intro,2026-01-02\n",
        encoding="utf-8",
    )
    mapping = loaded(proposed(*sorted(tmp_path.glob("*.csv"))), tmp_path)
    columns = mapping.tables["touches"].parts[0].columns
    assert columns["account_id"].source == ("account.Company ID", "Company")
    assert columns["partner_id"].source == ("partner.Partner ID", "Partner")


def test_proposal__german_touches_name_opportunities_and_accounts_as_their_own_files_do(tmp_path):
    (tmp_path / "chancen.csv").write_text(
        "Chance-ID,Kunden-Nr,Phase,Betrag,Erstellt am\nC1,K1,Gewonnen,5,2026-01-01\n",
        encoding="utf-8",
    )
    (tmp_path / "aktivitäten.csv").write_text(
        "Nr,Chance-ID,Kunden-Nr,Partner-Nr,Art,Datum,Kontakt\n"
        "1,C1,K1,P1,Referral,2026-01-01,Abc\n2,,K1,P1,Referral,2026-01-02,\n",
        encoding="utf-8",
    )
    mapping = loaded(proposed(*sorted(tmp_path.glob("*.csv"))), tmp_path)
    columns = mapping.tables["touches"].parts[0].columns
    assert {
        name: columns[name].source for name in ("touch_id", "opportunity_id", "account_id")
    } == {
        "touch_id": ("Nr",),
        "opportunity_id": ("Chance-ID",),
        "account_id": ("Kunden-Nr",),
    }


def test_proposal__files_of_two_folders(tmp_path):
    with pytest.raises(SourceError, match="the files lie in 2 folders"):
        proposed(tmp_path / "a" / "deals.csv", tmp_path / "b" / "deals.csv")


def origins(mapping: Mapping) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Which columns of which files each column of ours is made of."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for table, parts in mapping.tables.items():
        for part in parts.parts:
            for name, column in part.columns.items():
                for reference in (*column.source, *column.join):
                    lookup, _, theirs = reference.partition(".")
                    there = lookup in part.lookups
                    file = part.lookups[lookup].file if there else part.file
                    origin = (file, theirs if there else reference)
                    found.setdefault((table, name), set()).add(origin)
    return found


@pytest.mark.parametrize(
    ("shipped", "folder", "least"),
    [
        ("microsoft_opportunity_tracking", REAL / "msft_opportunity_tracking", 1.0),
        ("fivetran_salesforce", EXPORTS / "fivetran_salesforce", 0.7),
        ("fivetran_hubspot", EXPORTS / "fivetran_hubspot", 0.7),
        ("hubspot_export", EXPORTS / "hubspot_export", 0.7),
    ],
)
def test_proposal__agrees_with_the_mapping_that_a_person_wrote(tmp_path, shipped, folder, least):
    if not folder.is_dir():
        pytest.skip(f"{folder.name} is not at hand: the proposal is not measured on it")
    by_hand = origins(read_mapping(PROJECT / "params" / "sources" / f"{shipped}.yaml"))
    ours = origins(loaded(proposed(*sorted(folder.glob("*.csv"))), tmp_path))
    right = [column for column in by_hand if by_hand[column] & ours.get(column, set())]
    assert len(right) / len(by_hand) >= least
