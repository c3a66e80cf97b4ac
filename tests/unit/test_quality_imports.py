"""Rules about how many rows were read."""

from tests.unit.quality_frames import broken, checked_by, scores, source, table
from workbench.contracts import IngestSummary


def summary(*rows):
    columns = ("source", "rows_read", "table")
    return [dict(zip(columns, row, strict=False)) | {"rows_accepted": row[1]} for row in rows]


def fell(now, before):
    tables = source(ingest_summary=summary(*now))
    return broken("rows_fell", tables, previous_summary=table(IngestSummary, *summary(*before)))


def test_rows_fell__by_more_than_a_fifth():
    before = [("a.csv", 100), ("b.csv", 100), ("c.csv", 100)]
    now = [("a.csv", 80), ("b.csv", 79), ("c.csv", 900)]
    assert fell(now, before) == {
        "touches:b.csv": "b.csv gave 79 rows for touches; in the last run there were 100."
    }


def test_rows_fell__a_source_that_is_gone_gave_none():
    assert fell([("a.csv", 100), ("b.csv", 5)], [("a.csv", 100), ("b.csv", 5), ("c.csv", 1)]) == {
        "touches:c.csv": "c.csv gave 0 rows for touches; in the last run there were 1."
    }


def test_rows_fell__an_export_that_bears_its_date_is_the_same():
    assert fell([("touches-10.csv", 100)], [("touches-09.csv", 110)]) == {}
    assert list(fell([("touches-10.csv", 10)], [("touches-09.csv", 110)])) == [
        "touches:touches-10.csv"
    ]


def test_rows_fell__a_new_source_and_a_first_run_are_not_checked():
    tables = source(ingest_summary=summary(("a.csv", 1)))
    before = table(IngestSummary, *summary(("p.csv", 9, "partners")))
    assert checked_by("rows_fell", tables) == 0
    assert checked_by("rows_fell", tables, previous_summary=before) == 1  # the partners, gone


def test_rows_round__exactly_a_limit():
    tables = source(
        ingest_summary=summary(
            ("a.csv", 2000), ("b.csv", 2001), ("c.csv", 100_000), ("d.csv", 3000)
        )
    )
    assert broken("rows_round", tables) == {
        "touches:a.csv": "a.csv gave exactly 2000 rows for touches, a usual limit of exports.",
        "touches:c.csv": "c.csv gave exactly 100000 rows for touches, a usual limit of exports.",
    }


def test_rows_round__without_counts_nothing_is_checked():
    assert "rows_round" not in set(scores(source())["rule"])
