"""Each notebook as a task of Airflow 3's papermill operator, for those who watch single stages.

They share a run by its id, and the period stands in the parameter file. What they leave are tables
and executed notebooks: the site, the manifest and outputs/latest/ are made by `workbench run`
alone, as airflow_dag.py has it.
"""

from datetime import UTC, datetime

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import chain, dag

PROJECT = "/srv/partner-revenue"
NOTEBOOKS = ("01_ingest", "02_data_quality", "03_attribution", "04_metrics", "05_readout")
RUN_ID = "airflow-{{ dag_run.run_after.strftime('%Y%m%dT%H%M%S') }}"


@dag(
    schedule="0 6 2 * *",
    start_date=datetime(2026, 1, 2, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
)
def partner_revenue_by_stage() -> None:
    chain(
        *(
            PapermillOperator(
                task_id=notebook[3:],
                input_nb=f"{PROJECT}/notebooks/{notebook}.ipynb",
                output_nb=f"{PROJECT}/outputs/airflow/{notebook}.ipynb",
                parameters={"params_file": f"{PROJECT}/params/monthly.yaml", "run_id": RUN_ID},
            )
            for notebook in NOTEBOOKS
        )
    )


partner_revenue_by_stage()
