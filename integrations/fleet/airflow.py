"""A task that runs a command with a live token; the workers share one by AEP_SHARED_CACHE."""
from airflow.decorators import dag, task


@dag(schedule="@hourly", catchup=False)
def ingest():
    @task.bash
    def upload() -> str:
        # The variables of the credential and of the engine come from the worker's environment, not from here.
        return "aep-auth exec -- python3 /opt/jobs/ingest.py"

    upload()


ingest()
