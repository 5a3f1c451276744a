"""One execution, logged to a store here, to MLflow on SageMaker and to SageMaker Experiments."""

from __future__ import annotations

from pathlib import Path

from sagetabular.tracking.experiments_tracker import ExperimentsTracker
from sagetabular.tracking.local_store import LocalStore
from sagetabular.tracking.mlflow_tracker import MlflowTracker
from sagetabular.tracking.runs import ExecutionRun
from tests.aws.server import Server
from tests.aws.trackers.reading import AWKWARD, NAME, tree_in_experiments, tree_in_mlflow


def test_the_tree_of_runs_its_names_and_its_numbers_are_the_same_in_all_three(
    account: Server, execution: ExecutionRun, on_sagemaker: str, tmp_path: Path
) -> None:
    store = LocalStore(tmp_path / "mlflow")
    MlflowTracker(store.uri).log(execution)
    MlflowTracker(on_sagemaker).log(execution)
    ExperimentsTracker().log(execution)
    here = tree_in_mlflow(store.uri)
    assert here.keys() == {NAME, *(trial.name for trial in execution.trials)}
    assert here[execution.trials[0].name].metrics["fold_r2"] == AWKWARD
    assert tree_in_mlflow(on_sagemaker) == here
    assert tree_in_experiments(account, execution) == here
