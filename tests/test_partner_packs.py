"""Every byte of every pack of the sample company: nothing in it belongs to another partner."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader
from pypdf.generic import StreamObject

from tests.unit.pack_frames import Tables, params, run_tables
from workbench.contracts import Metrics, PartnerAliases, PartnerCredit, Partners
from workbench.definitions import read_definition
from workbench.ingest import ingest
from workbench.params import RunParams
from workbench.partner_packs import partner_packs
from workbench.programme import read_programme
from workbench.sample import write_sample

PROJECT = Path(__file__).parent.parent
TIMING = read_definition(PROJECT / "params" / "definitions" / "timing.yaml")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of the sample company, as the demo has them."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder / "sample")
    given = asked(source=folder / "sample")
    (folder / "tables").mkdir()
    canonical = ingest(given, into=folder / "tables").tables
    programme = read_programme(PROJECT / "params" / "programme.yaml")
    return run_tables(canonical, params=given, definition=TIMING, programme=programme)


def asked(**changes: object) -> RunParams:
    return params(
        **{
            "period": "2026-Q4",
            "as_of": "2026-10-31",
            "read_at": "2026-11-04T06:00:00Z",
            "timezone": "America/New_York",
            "reporting_currency": "USD",
            "fiscal_year_start": 11,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def packs(run: Tables) -> dict[str, dict[str, bytes]]:
    """The files of each pack, by folder and name."""
    made: dict[str, dict[str, bytes]] = {}
    for path, content in partner_packs(run, params=asked(), definition=TIMING, run_id="demo-a"):
        folder, name = path.split("/")
        made.setdefault(folder, {})[name] = content
    return made


def readable(name: str, content: bytes) -> Iterator[str]:
    """Everything that a program could read out of a file, in small letters."""
    yield name.lower()
    yield content.decode("latin-1").lower()
    if not name.endswith(".pdf"):
        yield content.decode("utf-8").lower()
        return
    reader = PdfReader(BytesIO(content))
    assert not reader.attachments
    yield repr(reader.metadata).lower()
    yield repr(reader.xmp_metadata and reader.xmp_metadata.stream.get_data()).lower()
    for page in reader.pages:
        yield page.extract_text().lower()
    for number in range(1, reader.trailer["/Size"]):
        found = reader.get_object(number)
        yield repr(found).lower()
        if isinstance(found, StreamObject):
            data = found.get_data()
            yield (data if isinstance(data, str) else data.decode("latin-1")).lower()


def terms_of_others(run: Tables) -> dict[str, tuple[set[str], set[str]]]:
    """For each partner its own terms, and those of all others: names, ids, aliases."""
    partners, aliases = run[Partners], run[PartnerAliases]
    terms: dict[str, set[str]] = {}
    parents = {}
    for row in partners.to_dicts():
        terms[row["partner_id"]] = {row["partner_id"].lower(), row["name"].lower()}
        parents[row["partner_id"]] = row["parent_partner_id"]
    for alias, partner_id in aliases.select("alias", "partner_id").iter_rows():
        terms[partner_id].add(alias.lower())
    found = {}
    for partner_id in terms:
        family, above = {partner_id}, parents[partner_id]
        while above is not None and above not in family:
            family.add(above)
            above = parents[above]
        own = set().union(*(terms[one] for one in family))
        found[partner_id] = own, set().union(*terms.values()) - own
    return found


def test_packs__hold_no_byte_of_another_partner(
    run: Tables, packs: dict[str, dict[str, bytes]]
) -> None:
    assert run[Partners].height == len(packs) == 60
    assert run[PartnerAliases].height == 100
    for partner_id, (own, others) in terms_of_others(run).items():
        (folder,) = (one for one in packs if one.endswith(partner_id.lower()))
        assert len(packs[folder]) == 4
        shortest = {one for one in others if not any(two != one and two in one for two in others)}
        anything = re.compile("|".join(re.escape(term) for term in sorted(shortest)))
        mine = re.compile("|".join(re.escape(term) for term in sorted(own, key=len, reverse=True)))
        for name, content in packs[folder].items():
            for text in (folder, *readable(name, content)):
                left = mine.sub(" ", text)
                found = anything.search(left)
                assert found is None, (folder, name, found)


def test_packs__the_search_finds_what_is_compressed(packs: dict[str, dict[str, bytes]]) -> None:
    content = packs["kaldent-supply-par-002"]["kaldent-supply-par-002.pdf"]

    assert b"with an amount" not in content
    assert any("with an amount" in text for text in readable(".pdf", content))


def test_packs__figures_are_those_of_the_run(
    run: Tables, packs: dict[str, dict[str, bytes]]
) -> None:
    """Credited bookings of all packs add up to what the run credits, to the cent."""
    files = [
        pl.read_csv(BytesIO(pack["figures.csv"]), infer_schema=False) for pack in packs.values()
    ]
    amounts = (
        pl.concat(files)
        .filter(metric="bookings")
        .with_columns(pl.col("value").cast(pl.Decimal(18, 2)))
    )
    run_wide = run[Metrics].filter(metric="bookings", dimension="partner")

    for period in amounts["period"].unique():
        for role in ("sourced", "influenced"):
            key = {"period": period, "classification": role}
            told = amounts.filter(**key)["value"].sum()
            assert float(told) == pytest.approx(run_wide.filter(**key)["value"].sum(), abs=0.005)


def test_packs__opportunities_carry_the_own_credit(
    run: Tables, packs: dict[str, dict[str, bytes]]
) -> None:
    credit = run[PartnerCredit]
    for folder, pack in packs.items():
        listed = pl.read_csv(BytesIO(pack["opportunities.csv"]), infer_schema_length=None)
        partner_id = folder[-7:].upper()
        own = credit.filter(partner_id=partner_id).sort("opportunity_id")
        shown = listed.filter(pl.col("classification").is_not_null()).sort("opportunity_id")
        assert shown["opportunity_id"].to_list() == own["opportunity_id"].to_list()
        told = [None if value is None else round(value, 2) for value in shown["credited_amount"]]
        assert told == [None if v is None else float(v) for v in own["credited_amount"]]


def test_packs__pages_lead_to_their_own_folder_and_to_evidence(
    packs: dict[str, dict[str, bytes]],
) -> None:
    for folder, pack in packs.items():
        html = pack["index.html"].decode()
        addresses = set(re.findall(r'(?:href|src)="([^"]*)"', html))
        inside = {one for one in addresses if not one.startswith("https://evidence.example/")}
        assert inside == {f"{folder}.pdf", "figures.csv", "opportunities.csv"}
        assert "<script" not in html
