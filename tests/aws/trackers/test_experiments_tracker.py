"""SageMaker Experiments, as executions are logged there: once, whole, and with patience."""

from __future__ import annotations

import os
from dataclasses import replace

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from sagetabular.aws.permissions import JOBS
from sagetabular.tracking.experiments_tracker import ExperimentsTracker, component_name
from sagetabular.tracking.runs import ExecutionRun, TrackingError
from tests.aws.server import Server
from tests.aws.trackers.answers import answering, refusal, requests_of
from tests.aws.trackers.reading import AWKWARD, NAME, PIPELINE, components, tree_in_experiments


def test_artefacts_are_addresses_in_s3(account: Server, execution: ExecutionRun) -> None:
    ExperimentsTracker().log(execution)
    found = {name: component["OutputArtifacts"] for name, component in components(account).items()}
    selection = {"MediaType": "application/json", "Value": execution.address}
    assert found.pop(component_name(NAME)) == {"selection.json": selection}
    expected = {"MediaType": "application/gzip", "Value": execution.trials[0].address}
    assert found[component_name(NAME, execution.trials[0].name)] == {"model.tar.gz": expected}


def test_a_retry_repeats_nothing_and_adds_nothing(account: Server, execution: ExecutionRun) -> None:
    ExperimentsTracker().log(execution)
    before = components(account)
    asked = requests_of("sagemaker")
    ExperimentsTracker().log(execution)
    assert asked == ["DescribeExperiment", "DescribeTrial", "ListTrialComponents"]
    assert components(account) == before


def test_what_broke_off_in_the_middle_is_made_anew(
    account: Server, execution: ExecutionRun
) -> None:
    calls = []

    def fail_the_sixth_time(**_: object) -> AWSResponse | None:
        calls.append(1)
        return refusal("AccessDenied", 403) if len(calls) == 6 else None

    answering("sagemaker-metrics", fail_the_sixth_time)
    with pytest.raises(TrackingError) as caught:
        ExperimentsTracker().log(execution)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith("SageMaker Experiments cannot be used: ")
    assert len(components(account)) == 2, "whole ones, and not that of the execution"
    asked = requests_of("sagemaker")
    ExperimentsTracker().log(execution)
    assert asked.count("DeleteTrialComponent") == 1, "its numbers would count twice"
    allowed = {one.action.partition(":")[2] for one in JOBS if "experiments" in one.users}
    assert {*asked, "BatchPutMetrics"} <= allowed
    tree = tree_in_experiments(account, execution)
    assert tree.keys() == {NAME, *(trial.name for trial in execution.trials)}
    assert all(tree[trial.name].metrics["fold_r2"] == AWKWARD for trial in execution.trials)


def test_an_execution_that_reuses_trials_has_components_of_its_own(
    account: Server, execution: ExecutionRun
) -> None:
    sagemaker = account.client("sagemaker")
    for name in ("another", "another2"):
        sagemaker.create_trial(ExperimentName=PIPELINE, TrialName=name)
        ExperimentsTracker().log(replace(execution, name=name))
    for name in ("another", "another2"):
        listed = sagemaker.list_trial_components(TrialName=name)["TrialComponentSummaries"]
        assert len(listed) == 5


@pytest.mark.parametrize("known", [["DescribeTrial"], ["DescribeExperiment", "DescribeTrial"]])
def test_experiment_and_trial_are_made_where_the_start_of_the_execution_did_not(
    account: Server, execution: ExecutionRun, known: list[str]
) -> None:
    for operation in known:  # the local server breaks down over what it does not have
        answering(f"sagemaker.{operation}", lambda **_: refusal("ResourceNotFound", 400))
    execution = replace(execution, pipeline="other" if len(known) == 2 else PIPELINE, name="new")
    ExperimentsTracker().log(execution)
    listed = account.client("sagemaker").list_trials(ExperimentName=execution.pipeline)
    assert "new" in [trial["TrialName"] for trial in listed["TrialSummaries"]]


def test_the_service_may_ask_for_patience(account: Server, execution: ExecutionRun) -> None:
    calls = []

    def throttle_every_fifth(**_: object) -> AWSResponse | None:
        calls.append(1)
        return refusal("ThrottlingException", 400) if len(calls) % 5 == 0 else None

    answering("sagemaker", throttle_every_fifth)
    one = replace(execution, trials=execution.trials[:1])
    ExperimentsTracker().log(one)
    assert len(calls) > 10
    assert tree_in_experiments(account, one).keys() == {NAME, one.trials[0].name}


def test_an_account_that_cannot_be_reached_is_named_with_a_remedy(
    execution: ExecutionRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(TrackingError) as caught:
        ExperimentsTracker().log(execution)
    assert str(caught.value).splitlines() == [
        "SageMaker Experiments cannot be used: You must specify a region.",
        "See that the job's role may use experiments, trials and trial components.",
    ]
