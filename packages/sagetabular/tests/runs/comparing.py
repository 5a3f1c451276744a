"""What was logged of an execution, compared with the files that it left."""

from __future__ import annotations

import json
import math
import tarfile
from io import BytesIO

from planting import Run

from sagetabular.tracking.runs import TRAINING_JOB, parameter_key

# Of a file of folds, what is no score.
NO_SCORES = {"fold", "rows"}


def archives(run: Run) -> dict[str, dict[str, bytes]]:
    """Training job → the files in its archive, of all trials that succeeded."""
    found = {}
    for step in run.record.steps.values():
        if step.kind == "Tuning":
            prefix = step.response["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"]
            for trial in step.response["TrainingJobSummaries"]:
                if trial["TrainingJobStatus"] == "Completed":
                    name = trial["TrainingJobName"]
                    uri = f"{prefix}/{name}/output/model.tar.gz"
                    content = BytesIO(run.sagemaker.storage.read_bytes(uri))
                    with tarfile.open(fileobj=content) as archive:
                        members = archive.getmembers()
                        found[name] = {m.name: archive.extractfile(m).read() for m in members}
    return found


def check(run: Run, logged, count: int = 4) -> None:
    """Everything that was logged of an execution is what its files say, and nothing is missing."""
    trials = archives(run)
    assert len(trials) == count
    assert sorted(child.tags[TRAINING_JOB] for child in logged.children) == sorted(trials)
    for child in logged.children:
        job = child.tags[TRAINING_JOB]
        files = trials[job]
        report = json.loads(files["cv.json"])
        # Its number, with which the name of the job ends, comes first.
        assert child.name == f"{job.rpartition('-')[2]} {report['model']}"
        assert (child.status, child.artefacts) == ("FINISHED", files)
        assert child.tags["model"] == report["model"]
        assert [child.tags[name] for name in ("task", "metric")] == [
            report["task"], report["metric"]
        ]  # fmt: skip
        assert child.parameters == {
            parameter_key(name): value if isinstance(value, str) else json.dumps(value)
            for name, value in report["hyperparameters"].items()
        }
        scores = report["folds"][0].keys() - NO_SCORES
        folds = {f"fold_{name}": [fold[name] for fold in report["folds"]] for name in scores}
        means = {name: [report[name]] for name in (*scores, f"{report['metric']}_std")}
        seconds = {"seconds": [math.fsum(report["seconds"])], "fold_seconds": report["seconds"]}
        assert child.metrics == folds | means | seconds
