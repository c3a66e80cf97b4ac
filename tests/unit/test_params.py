from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from workbench.documents import dump_yaml, load_yaml
from workbench.errors import ParameterError
from workbench.params import RunParams, find_params_file, project_folder, read_params

CONTENT = {"period": "2026-10", "source": "data", "definition": "timing", "readout": "none"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a source and two definitions, which is the working directory."""
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_ingest.ipynb").touch()
    (tmp_path / "params" / "definitions").mkdir(parents=True)
    for name in ("timing", "registered"):
        (tmp_path / "params" / "definitions" / f"{name}.yaml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, **changes: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dump_yaml(CONTENT | changes), encoding="utf-8")
    return path


def params(project: Path, overrides: dict[str, str] | None = None, **changes: object) -> RunParams:
    write(project / "params" / "monthly.yaml", **changes)
    return read_params("params/monthly.yaml", overrides)


def problems_of(
    project: Path, overrides: dict[str, str] | None = None, **changes: object
) -> list[str]:
    """What is wrong, each with its hint, without the folder's name."""
    with pytest.raises(ParameterError) as error:
        params(project, overrides, **changes)
    assert {problem.where for problem in error.value.problems} == {
        str(project / "params" / "monthly.yaml")
    }
    return [
        f"{problem.what} {problem.hint}".strip().replace(str(project), "PROJECT")
        for problem in error.value.problems
    ]


# What a file says, and what follows from it


def test_read_params__a_short_file(project):
    found = params(project, read_at=datetime(2026, 11, 3, 2, tzinfo=UTC))

    assert found == RunParams(
        name="monthly",
        period="2026-10",
        as_of=date(2026, 10, 31),
        read_at=datetime(2026, 11, 3, 2, tzinfo=UTC),
        timezone="UTC",
        source=project / "data",
        definition=project / "params" / "definitions" / "timing.yaml",
        compare_with=(),
        reporting_currency="USD",
        fiscal_year_start=1,
        readout=None,
        output_root=project / "outputs",
    )
    assert found.fiscal_period.title == "October 2026"
    assert str(found.zone) == "UTC"


def test_read_params__as_of_is_the_last_day_of_the_fiscal_quarter(project):
    assert params(project, period="2026-Q1", fiscal_year_start=11).as_of == date(2026, 1, 31)
    assert params(project, as_of=date(2026, 10, 15)).as_of == date(2026, 10, 15)


def test_read_params__read_at_is_the_moment_in_whole_seconds(project):
    before = datetime.now(UTC).replace(microsecond=0)

    read_at = params(project).read_at

    assert before <= read_at <= datetime.now(UTC)
    assert (read_at.tzinfo, read_at.microsecond) == (UTC, 0)


@pytest.mark.parametrize(
    "line",
    ["2026-11-03 02:00:00", "2026-11-03T02:00:00Z", "2026-11-03T03:00:00+01:00",
     "'2026-11-03T02:00:00'", "'2026-11-03 03:00+01:00'"],
)  # fmt: skip
def test_read_params__read_at_without_a_zone_is_in_utc(project, line):
    path = write(project / "params" / "monthly.yaml")
    path.write_text(path.read_text(encoding="utf-8") + f"read_at: {line}\n", encoding="utf-8")

    read_at = read_params("params/monthly.yaml").read_at

    assert read_at.isoformat() == "2026-11-03T02:00:00+00:00"


def test_read_params__read_at_given_as_a_day_is_its_first_moment_in_utc(project):
    given = params(project, read_at=date(2026, 11, 3)).read_at
    typed = params(project, {"read_at": "2026-11-03T00:00:00"}).read_at

    assert given == typed == datetime(2026, 11, 3, tzinfo=UTC)


def test_read_params__null_means_the_default(project):
    found = params(project, as_of=None, timezone=None, compare_with=None, output_root=None)

    assert (found.as_of, found.timezone, found.compare_with) == (date(2026, 10, 31), "UTC", ())
    assert found.output_root == project / "outputs"


def test_read_params__resolved_file_gives_the_same_parameters(project):
    readout = write(project / "params" / "readouts" / "2026-10.yaml")
    for changes in (
        {"readout": None, "compare_with": ["registered"], "fiscal_year_start": 7},
        {"readout": "none", "timezone": "Pacific/Auckland", "source_folder": "data"},
    ):
        found = params(project, **changes)
        assert found.fiscal_period  # worked out on demand, and no part of the parameters
        kept = project / "outputs" / "runs" / "a" / "monthly.yaml"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(found.to_yaml(), encoding="utf-8")

        assert read_params(kept) == found
        assert found.readout == (readout if changes["readout"] is None else None)
        assert "name" not in load_yaml(kept)


# Where a relative path starts


def test_read_params__above_the_params_folder_from_wherever_it_is_read(project, monkeypatch):
    write(project / "params" / "eu" / "monthly.yaml")
    elsewhere = project / "notebooks" / "drafts"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    found = read_params("params/eu/monthly.yaml")

    assert found.source == project / "data"
    assert found.output_root == project / "outputs"
    assert found.definition == project / "params" / "definitions" / "timing.yaml"


def test_read_params__working_directory_for_a_file_elsewhere(project):
    path = write(project / "mine" / "monthly.yaml", definition="timing", source="own", readout="t")
    (project / "mine" / "own").mkdir()  # beside the parameter file
    (project / "t").touch()

    found = read_params("mine/monthly.yaml")

    assert found.source == path.parent / "own"
    assert found.readout == project / "t"
    assert found.output_root == project / "outputs"
    assert found.definition == project / "params" / "definitions" / "timing.yaml"


def test_read_params__the_nearer_of_two_folders_wins(project):
    (project / "params" / "data").mkdir()

    assert params(project).source == project / "data"


def test_read_params__definition_by_id_or_by_path(project):
    shelf = project / "params" / "definitions"
    (project / "own.yaml").touch()

    by_id = params(project, definition="registered")
    by_path = params(project, definition="params/definitions/registered.yaml")
    beside = params(project, definition="definitions/registered.yaml")
    elsewhere = params(project, definition=str(project / "own.yaml"))

    assert by_id.definition == by_path.definition == beside.definition == shelf / "registered.yaml"
    assert elsewhere.definition == project / "own.yaml"


def test_find_params_file__in_the_folders_above_the_working_directory(project, monkeypatch):
    path = write(project / "params" / "monthly.yaml")
    monkeypatch.chdir(project / "notebooks")

    assert find_params_file("params/monthly.yaml") == path
    assert find_params_file(path) == path


def test_find_params_file__names_the_files_that_are_there(project):
    write(project / "params" / "monthly.yaml")

    with pytest.raises(ParameterError) as error:
        find_params_file("params/montly.yaml")

    assert str(error.value) == (
        "params/montly.yaml: there is no such parameter file.\n"
        "Hint: params has params/monthly.yaml."
    )


def test_project_folder__holds_the_notebooks(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    assert project_folder(project / "params") == project
    assert (project_folder(elsewhere) / "workbench").is_dir()


# Values typed after -p


def test_read_params__overrides_are_read_like_the_file(project):
    typed = {
        "period": "2026-Q1",
        "fiscal_year_start": "11",
        "read_at": "2026-02-03T04:05:06Z",
        "compare_with": "registered, timing,",
        "reporting_currency": "EUR",
        "definition": "timing",
        "readout": "none",
        "paper": "us-letter",
    }

    found = params(project, typed, definition="nothing", readout="nothing")

    assert found.fiscal_year_start == 11
    assert found.as_of == date(2026, 1, 31)
    assert found.read_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert [path.stem for path in found.compare_with] == ["registered"]
    assert found.reporting_currency == "EUR"
    assert found.paper == "us-letter"


def test_read_params__compare_with_names_each_other_definition_once(project):
    for given in (["registered", "timing", "registered"], "registered"):
        found = params(project, compare_with=given)
        assert [path.stem for path in found.compare_with] == ["registered"]
    assert params(project, {"compare_with": ""}, compare_with=["registered"]).compare_with == ()


# What is wrong


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"perod": "2026-10"}, "'perod' is not a key. did you mean 'period'?"),
        ({"period": None}, "'period' is missing."),
        ({"period": None, "readout": None}, "'period' is missing."),
        ({"source": None}, "'source' is missing."),
        ({"definition": None}, "'definition' is missing."),
        ({"period": "2026-13"}, "'2026-13' is not a period. write a calendar month such as 2026-10 "
         "or a fiscal quarter such as 2026-Q3."),
        ({"period": 2026}, "'2026' is not a period. write a calendar month such as 2026-10 or a "
         "fiscal quarter such as 2026-Q3."),
        ({"period": date(2026, 10, 1)}, "'2026-10-01' is not a period. write a calendar month such "
         "as 2026-10 or a fiscal quarter such as 2026-Q3."),
        ({"period": "9999-12"}, "'9999-12' is not a period. write a calendar month such as 2026-10 "
         "or a fiscal quarter such as 2026-Q3."),
        ({"fiscal_year_start": 13}, "'fiscal_year_start': input should be less than or equal to 12 "
         "(given: 13)."),
        ({"fiscal_year_start": 0}, "'fiscal_year_start': input should be greater than or equal to "
         "1 (given: 0)."),
        ({"fiscal_year_start": "April"}, "'fiscal_year_start': input should be a valid integer, "
         "unable to parse string as an integer (given: 'April')."),
        ({"fiscal_year_start": float("inf")}, "'fiscal_year_start': input should be a finite "
         "number (given: inf)."),
        ({"as_of": "31.10.2026"}, "'as_of': input should be a valid date or datetime, invalid "
         "character in year (given: '31.10.2026')."),
        ({"read_at": "yesterday"}, "'read_at': input should be a valid datetime or date, input is "
         "too short (given: 'yesterday')."),
        ({"timezone": "Europe/Berln"}, "'timezone': 'Europe/Berln' is not a time zone. did you "
         "mean 'Europe/Berlin'?"),
        ({"timezone": "CEST"}, "'timezone': 'CEST' is not a time zone. write an IANA name such as "
         "Europe/Berlin."),
        ({"timezone": "localtime"}, "'timezone': 'localtime' is not a time zone. write an IANA "
         "name such as Europe/Berlin."),
        ({"reporting_currency": "usd"}, "'reporting_currency': string should match pattern "
         "'^[A-Z]{3}$' (given: 'usd')."),
        ({"paper": "letter"}, "'paper' is none of the accepted words (given: 'letter'). did you "
         "mean 'us-letter'?"),
        ({"source": "nowhere"}, "'source': there is no 'nowhere'. a relative path starts at "
         "PROJECT."),
        ({"source": ""}, "'source': there is no ''. a relative path starts at PROJECT."),
        ({"source": "outputs/sample"}, "'source': there is no 'outputs/sample'. make the sample "
         "company with 'workbench sample outputs/sample'."),
        ({"definition": "timng"}, "'definition': there is no definition 'timng'. did you mean "
         "'timing'?"),
        ({"definition": "own.yaml"}, "'definition': there is no 'own.yaml'. a relative path starts "
         "at PROJECT."),
        ({"compare_with": ["timing", "regsitered"]}, "'compare_with': there is no definition "
         "'regsitered'. did you mean 'registered'?"),
        ({"readout": None}, "the readout's texts are missing: there is no "
         "'params/readouts/2026-10.yaml'. write it with the keys 'decisions', 'asks' and 'learned' "
         "(see docs/readouts.md), or set 'readout: none' for a page without them."),
        ({"name": "mine"}, "'name' is not a key. it is the file's own."),
    ],
)  # fmt: skip
def test_read_params__says_what_is_wrong(project, changes, expected):
    assert problems_of(project, **changes) == [expected]


@pytest.mark.parametrize("output_root", ["", ["outputs"], {"a": "b"}, "taken", "taken/deeper"])
def test_read_params__output_root_that_can_be_no_folder(project, output_root):
    (project / "taken").touch()

    (problem,) = problems_of(project, output_root=output_root)

    assert problem.startswith("'output_root': ")
    assert problem.endswith("a relative path starts at PROJECT.")


def test_read_params__says_everything_that_is_wrong_at_once(project):
    typed = {"period": "October", "timezone": "Mars/Base", "budget": "5"}

    found = problems_of(project, typed, source="nowhere", definition="x", readout="nothing.yaml")

    assert [words.split(".")[0] for words in found] == [
        "'October' is not a period",
        "'budget' is not a key",
        "'definition': there is no definition 'x'",
        "'source': there is no 'nowhere'",
        "'timezone': 'Mars/Base' is not a time zone",
        "the readout's texts are missing: there is no 'nothing",
    ]


# A calendar in place of months

SHIPPED_CALENDAR = Path(__file__).parents[2] / "params" / "calendars" / "four_four_five.csv"


def test_read_params__the_days_of_a_calendars_period(project):
    found = params(project, period="2027-P03", calendar=str(SHIPPED_CALENDAR))

    assert (found.fiscal_period.start, found.fiscal_period.end) == (
        date(2026, 3, 29),
        date(2026, 5, 2),
    )
    assert found.as_of == date(2026, 5, 2)


def test_read_params__a_calendar_and_a_first_month_contradict(project):
    assert problems_of(
        project, period="2027-P03", calendar=str(SHIPPED_CALENDAR), fiscal_year_start=2
    ) == [
        "'calendar' and 'fiscal_year_start' are both there. "
        "a calendar says when its years begin; leave the other out."
    ]


def test_read_params__no_such_calendar(project):
    (found,) = problems_of(project, calendar="weeks.csv")

    assert found.startswith("'calendar': there is no 'weeks.csv'.")


def test_read_params__a_broken_calendar_is_named_itself(project):
    (project / "weeks.csv").write_text("period,starts_on\n", encoding="utf-8")

    with pytest.raises(ParameterError, match="2 columns are missing") as error:
        params(project, calendar="weeks.csv")
    assert error.value.problems[0].where == str(project / "weeks.csv")


def test_read_params__a_run_keeps_its_calendar(project):
    found = params(project, period="2027-P03", calendar=str(SHIPPED_CALENDAR))

    (project / "params" / "monthly.yaml").write_text(found.to_yaml(), encoding="utf-8")
    assert read_params("params/monthly.yaml") == found


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/{record_id}",
        "https://crm.example/{table}/{record_id}/view",
        "http://crm:8080/?id={record_id}&of={table}",
    ],
)
def test_read_params__the_address_of_a_record(project, url):
    assert params(project, record_url=url).record_url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert('{record_id}')",
        "file:///{record_id}",
        "crm.example/{record_id}",
        "https://{record_id}",
        "https://{table}.example/{record_id}",
        "https://crm.example/{id}",
        "https://crm.example/{record_id!r}",
        "https://crm.example/{record_id}/{",
        "https://crm.example/",
        "https://crm.example/a b/{record_id}",
        "https:///{record_id}",
    ],
)
def test_read_params__an_address_that_leads_to_no_record(project, url):
    assert problems_of(project, record_url=url) == [
        f"'record_url': '{url}' leads to no record. "
        "write an address such as https://crm.example/{table}/{record_id}."
    ]
