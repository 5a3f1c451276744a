"""Steps run in the order of their dependencies, and hand on what they make."""

from __future__ import annotations

from small_steps import WRITE, after, joined, statuses

from sagelocal import LocalSageMaker

MEET = (
    "import pathlib, sys, time\n"
    "mine, other = map(pathlib.Path, sys.argv[1:])\n"
    "mine.touch()\n"
    "deadline = time.monotonic() + 60\n"
    "while not other.exists():\n"
    "    assert time.monotonic() < deadline\n"
    "    time.sleep(0.005)\n"
)


def test_steps_run_in_the_order_of_their_dependencies_and_not_of_the_file(start, build) -> None:
    record = start(
        build.processing("C", step=after("B")),
        build.processing("B", step=after("A")),
        build.processing("A"),
    )
    assert record.status == "Succeeded"
    times = [(record.steps[name].start_time, record.steps[name].end_time) for name in "ABC"]
    assert times == sorted(times)
    assert times[0][1] <= times[1][0] <= times[1][1] <= times[2][0]


def test_what_one_step_publishes_the_next_one_gets(start, build, sagemaker) -> None:
    uri = joined(
        "s3://", {"Get": "Parameters.Bucket"}, "/", {"Get": "Execution.PipelineExecutionId"}
    )
    first = build.processing("First", WRITE, "a.txt", "hello", outputs={"result": uri})
    published = "Steps.First.ProcessingOutputConfig.Outputs['result'].S3Output.S3Uri"
    code = (
        "import os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing')\n"
        "text = (base / 'input/data/a.txt').read_text()\n"
        "(base / 'output/result/b.txt').write_text(text + ' again')\n"
    )
    second = build.processing(
        "Second", code, inputs={"data": {"Get": published}}, outputs={"result": "s3://bucket/2"}
    )
    declared = [{"Name": "Bucket", "Type": "String"}]
    record = start(first, second, declared=declared, parameters={"Bucket": "mine"})
    assert record.status == "Succeeded"
    assert sagemaker.storage.read_bytes(f"s3://mine/{record.id}/a.txt") == b"hello"
    assert sagemaker.storage.read_bytes("s3://bucket/2/b.txt") == b"hello again"
    request = record.steps["Second"].arguments
    assert request["ProcessingInputs"][0]["S3Input"]["S3Uri"] == f"s3://mine/{record.id}"
    assert not any((record.directory / "work").iterdir())


def test_branches_that_do_not_depend_on_each_other_run_at_the_same_time(
    start, build, tmp_path
) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    record = start(build.processing("One", MEET, one, two), build.processing("Two", MEET, two, one))
    assert statuses(record) == {"One": "Succeeded", "Two": "Succeeded"}


def test_a_step_does_not_wait_for_steps_it_does_not_depend_on(start, build, tmp_path) -> None:
    long, next_one = str(tmp_path / "long"), str(tmp_path / "next")
    record = start(
        build.processing("Short"),
        build.processing("Long", MEET, long, next_one),
        build.processing("Next", MEET, next_one, long, step=after("Short")),
    )
    assert record.status == "Succeeded"


def test_one_slot_runs_one_job_at_a_time(home, build) -> None:
    sagemaker = LocalSageMaker(home, slots=1)
    alone = "import os, sys, time\nos.mkdir(sys.argv[1])\ntime.sleep(0.05)\nos.rmdir(sys.argv[1])\n"
    steps = [build.processing(f"S{n}", alone, str(home / "busy")) for n in range(4)]
    home.mkdir()
    record = sagemaker.start(build.definition(*steps), pipeline_name="demo")
    assert set(statuses(record).values()) == {"Succeeded"}


def test_models_are_tuned_fitted_and_registered_from_one_definition(
    start, build, sagemaker, notes
) -> None:
    tune = "import sys; x = float(sys.argv[-1]); print(f'cv:r2={1 - abs(x - 0.4)};')"
    fit = (
        "import os, pathlib, sys\n"
        "pathlib.Path(os.environ['SM_MODEL_DIR'], 'model').write_text(sys.argv[-1])"
    )
    build.put_code(sagemaker.storage, fit=tune, refit=fit)
    best = {"Get": "Steps.Tune.BestTrainingJob.TunedHyperParameters['x']"}
    model = {"Get": "Steps.Fit.ModelArtifacts.S3ModelArtifacts"}
    package = {
        "ModelPackageGroupName": "houses",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": model}]},
    }
    record = start(
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(5, 2)},
        {
            "Name": "Fit",
            "Type": "Training",
            "Arguments": build.training_request("refit.py", x=best),
        },
        {"Name": "Register", "Type": "RegisterModel", "Arguments": package},
        listener=notes,
    )
    assert record.status == "Succeeded"
    tried = record.steps["Tune"].response["TrainingJobSummaries"]
    chosen = min((t["TunedHyperParameters"]["x"] for t in tried), key=lambda x: abs(float(x) - 0.4))
    assert record.steps["Fit"].arguments["HyperParameters"]["x"] == chosen
    (registered,) = sagemaker.registry.packages("houses")
    uri = registered["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert uri == f"s3://bucket/models/pipelines-{record.id}-Fit/output/model.tar.gz"
    assert sagemaker.storage.exists(uri)
    assert len(record.log_files("Tune")) == len(notes.trials) == 5
    assert notes.steps == [
        (name, status) for name in record.steps for status in ("Executing", "Succeeded")
    ]
    assert notes.details["Register"] == "RegisterModel: houses version 1"
    assert notes.details["Tune"].startswith("Tuning: best cv:r2 0.")


def test_trees_of_jobs_are_kept_on_request(home, build) -> None:
    sagemaker = LocalSageMaker(home, keep_work=True)
    record = sagemaker.start(build.definition(build.processing("A")), pipeline_name="demo")
    assert [path.name for path in (record.directory / "work").iterdir()] == [
        f"pipelines-{record.id}-A"
    ]


def test_the_example_in_the_documentation_is_true() -> None:
    import doctest

    from sagelocal import service

    assert doctest.testmod(service) == (0, 5)
