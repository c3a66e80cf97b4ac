"""The runtime of interactive charts, one file for all pages of a site."""

from typing import Final

import vl_convert

from workbench.runs import Run

VEGA_SCRIPT: Final = "assets/vega.js"  # from html/, where the pages lie


def vega_script() -> str:
    """Vega-Embed with Vega and Vega-Lite as one script, which sets `vegaEmbed` and nothing else.

    A page whose policy forbids `eval` embeds its charts with `{ast: true}`: Vega's interpreter is
    in the script. Making it takes a second.
    """
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"(() => {{\n{bundle}\n}})();\n"


def write_vega(run: Run) -> None:
    """Write the script into a run's site, once, however many pages use it."""
    path = f"html/{VEGA_SCRIPT}"
    if not (run.folder / path).exists():
        run.write_file(path, vega_script().encode())
