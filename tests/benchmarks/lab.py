"""How long the definition lab takes after a change: `uv run python -m tests.benchmarks.lab`.

In one process, from the knob to the tables as HTML. Every knob is turned and put back, in five
rounds; a change counts with its best time, so that other work on the machine does not.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.project import Project
from workbench.lab import Panel, open_bench
from workbench.sample import write_sample

ROUNDS = 5
SIZES = [(1_500, 7_000), (100_000, 1_000_000)]


def milliseconds(panel: Panel) -> list[float]:
    """The time of each change."""
    turns: list[tuple[Any, list[Any]]] = [
        (panel.days_before.slider, [300, 180, 90, 30, 365]),
        (panel.days_after.slider, [0, 14, -1]),
        *(
            (switch, [not switch.value, switch.value])
            for switch in (
                panel.evidence,
                panel.partner_contact,
                panel.seller_acceptance,
                panel.before_close,
            )
        ),
        (panel.logged_within.switch, [False]),
        (panel.logged_within.slider, [10]),
        (panel.logged_within.switch, [True]),
        (panel.account_touches, ["all", "none", "first"]),
        (panel.primary_partner, ["last", "first"]),
        (panel.credit_model, [*panel.credit_model.options[1:], "primary"]),
        (panel.scope, [*panel.scope.options]),
    ]
    spent = []
    for control, values in turns:
        for value in values:
            control.value = value
            spent.append(panel.update_ms)
    return spent


def measured(folder: Path, *, opportunities: int, touches: int) -> str:
    """One line of the table."""
    project = Project.in_folder(folder)
    write_sample(
        project.folder / "outputs" / "sample", opportunities=opportunities, touches=touches
    )
    began = time.perf_counter()
    bench = open_bench(str(project.folder / "params" / "demo.yaml"), "latest")
    opened = time.perf_counter() - began
    panel = Panel(bench)
    rounds = [milliseconds(panel) for _ in range(ROUNDS)]
    spent = [min(times) for times in zip(*rounds, strict=True)]
    return (
        f"{opportunities:>13,} {touches:>10,} {opened:>7.1f} s {len(spent):>8} "
        f"{statistics.median(spent):>7.0f} ms {max(spent):>7.0f} ms"
    )


def main() -> None:
    """Print one line for the sample's size and one for a large one, or for the size given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opportunities", type=int)
    parser.add_argument("--touches", type=int)
    given = parser.parse_args()
    sizes = [(given.opportunities, given.touches)] if given.opportunities else SIZES
    print("opportunities    touches  to open   changes     median      slowest")  # noqa: T201
    for opportunities, touches in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(measured(Path(folder), opportunities=opportunities, touches=touches))  # noqa: T201


if __name__ == "__main__":
    main()
