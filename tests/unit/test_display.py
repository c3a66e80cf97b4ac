"""How tables, sentences and pictures show in a notebook."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from workbench.display import picture, sentences, table


def cells(frame: pl.DataFrame, **options: int) -> list[str]:
    html = table(frame, title="Title", **options).data
    return re.findall(r"<td[^>]*class=\"gt_row[^>]*>(.*?)</td>", html)


def test_table__says_units_in_the_manner_of_the_column() -> None:
    frame = pl.DataFrame(
        {
            "win_rate": [0.254],
            "amount": [Decimal("1234567.5")],
            "n": [12345],
            "created_at": [datetime(2026, 10, 31, 23, 0, tzinfo=UTC)],
            "due_on": [date(2026, 11, 1)],
            "reasons": [["one", "two"]],
            "owner": pl.Series([None], dtype=pl.String),
        }
    )

    assert cells(frame) == [
        "25.4 %", "1,234,567.50", "12,345", "2026-10-31", "2026-11-01", "one; two", "–"
    ]  # fmt: skip


def test_table__says_how_many_rows_it_leaves_out() -> None:
    html = table(pl.DataFrame({"n": range(30)}), title="Title", rows=5).data

    assert len(cells(pl.DataFrame({"n": range(30)}), rows=5)) == 5
    assert "The first 5 of 30 rows." in html


def test_table__empty_frame() -> None:
    assert "No rows." in table(pl.DataFrame(schema={"n": pl.Int64}), title="Title").data


def test_table__names_are_text() -> None:
    html = table(pl.DataFrame({"<b>": ["<script>alert(1)</script>"]}), title="<i>Title").data

    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_sentences__names_are_text() -> None:
    assert sentences(["a <b>", "c"]).data == "<p>a &lt;b&gt;</p><p>c</p>"
    assert "Nothing to say" in sentences([]).data


def test_table__counts_have_no_decimals_and_words_no_underscores() -> None:
    frame = pl.DataFrame(
        {
            "metric": ["days_to_close", "won_count"],
            "unit": ["days", "count"],
            "value": [86.5, 1204.0],
            "partner_id": ["P_1", "P_2"],
        }
    )

    assert cells(frame) == [
        "days to close", "days", "86.50", "P_1", "won count", "count", "1,204", "P_2"
    ]  # fmt: skip


def test_picture__describes_itself() -> None:
    data, about = picture(b"\x89PNG", description='a "page"')._repr_mimebundle_()

    assert data == {"image/png": "iVBORw==", "text/plain": 'a "page"'}
    assert about["image/png"]["alt"] == 'a "page"'


def test_table__what_scrolls_can_be_reached_and_has_a_name() -> None:
    html = table(pl.DataFrame({"n": [1]}), title='Amounts, "USD"').data

    assert html.startswith('<div role="region" aria-label="Amounts, &quot;USD&quot;" tabindex="0"')
