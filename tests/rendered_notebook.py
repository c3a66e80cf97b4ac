"""A notebook as a run leaves it: prose, a table, a chart, a picture, hostile names."""

from datetime import date
from typing import Any

import altair as alt
import nbformat
import polars as pl
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbench.charts import findings_by_rule, show_charts
from workbench.display import picture, sentences, table

HOSTILE = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def notebook() -> NotebookNode:
    """Stage 9 of a run, with everything in it that a stage shows."""
    wide = pl.DataFrame({f"a_long_column_{number}": [1234.5] for number in range(12)})
    return new_notebook(
        cells=[
            new_markdown_cell("# 9. Checks: what a *reader* asks\n\n**Question.** Is it so?"),
            _code("parameters", 'run_id = "scratch"', tags=["parameters"]),
            _code("abc", 'run_id = "r1"', tags=["injected-parameters"]),
            new_markdown_cell("## The rule\n\nAmounts are `Decimal`, <b>never</b> floats."),
            _code("amounts", 'table(wide, title="Amounts, USD")', table(wide, title=HOSTILE)),
            _code("said", "sentences(said)", sentences([HOSTILE])),
            _code("findings", "charts.findings_by_rule(findings)", _chart()),
            new_markdown_cell("## The rule\n\nAgain."),
            _code("page", "picture(png)", picture(PIXEL, description='The "page"')),
            _code("none", "run.write(findings)"),
        ]
    )


def _chart() -> alt.LayerChart | alt.FacetChart:
    findings = pl.DataFrame({"rule": ["late", "late", HOSTILE], "severity": ["error"] * 3})
    return findings_by_rule(findings, as_of=date(2026, 10, 31))


def _code(name: str, source: str, shown: Any = None, *, tags: list[str] | None = None) -> Any:
    cell = new_code_cell(source, id=name, metadata={"tags": tags or []})
    if shown is not None:
        data, about = _bundle(shown)
        output = new_output("execute_result", data, metadata=about, execution_count=1)
        cell.outputs.append(nbformat.from_dict(output))
    return cell


def _bundle(shown: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a kernel would keep of it."""
    if not hasattr(shown, "_repr_mimebundle_"):
        return {"text/html": shown.data, "text/plain": "<HTML>"}, {}
    before = alt.renderers.active
    show_charts()
    try:
        data, about = shown._repr_mimebundle_()
    finally:
        alt.renderers.enable(before)
    return data, about
