"""The monthly run as a DAG of Airflow 3: one task runs it, the next publishes it.

The five notebooks are one task: together they make a run that is finished, or none.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

PROJECT = "/srv/partner-revenue"
LAST_MONTH = "{{ (dag_run.run_after.replace(day=1) - macros.timedelta(days=1)).strftime('%Y-%m') }}"


@dag(
    schedule="0 6 2 * *",
    start_date=datetime(2026, 1, 2, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=30), "cwd": PROJECT},
)
def partner_revenue() -> None:
    run = BashOperator(
        task_id="run",
        bash_command=f".venv/bin/workbench run params/monthly.yaml -p period={LAST_MONTH}",
    )
    publish = BashOperator(
        task_id="publish",
        bash_command=".venv/bin/workbench publish params/monthly.yaml WAREHOUSE",
    )
    run >> publish


partner_revenue()
