"""Jobs that start what their image starts, and inputs that are the answer to a query."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sagelocal.errors import DefinitionError
from sagelocal.jobs.machine import ImageProgram, Machine
from sagelocal.jobs.processing import run_processing_job

PROGRAM = (
    "import json, os, pathlib, sys\n"
    "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
    "request = json.loads((base / 'config/processingjobconfig.json').read_text())\n"
    "query = request['ProcessingInputs'][-1]['DatasetDefinition']['AthenaDatasetDefinition']\n"
    "said = [sys.argv[1:], os.environ['OF_THE_PROGRAM'], os.environ['OF_THE_JOB'],\n"
    "        os.environ['LAKE'], query['QueryString'], (base / 'processing/rows').is_dir()]\n"
    "(base / 'processing/output/result/said.json').write_text(json.dumps(said))\n"
)
QUERY = {
    "InputName": "rows",
    "DatasetDefinition": {
        "LocalPath": "/opt/ml/processing/rows",
        "AthenaDatasetDefinition": {"QueryString": "SELECT 1"},
    },
}


@pytest.fixture
def equipped(machine: Machine) -> Machine:
    """Return a machine that has a program for one image."""
    program = ImageProgram(("python3", "-c", PROGRAM), {"OF_THE_PROGRAM": "1"})
    return replace(machine, programs={"tool": program}, host_environment={"LAKE": "here"})


@pytest.fixture
def request_of_tool(build):
    """Return a job that names an image and no program."""
    request = build.processing_request("", outputs={"result": "s3://bucket/out"})
    request["AppSpecification"] = {
        "ImageUri": "123.dkr.ecr.eu-west-1.amazonaws.com/tool:3.x",
        "ContainerArguments": ["--option '{\"a\": 1}'"],
    }
    request["Environment"] = {"OF_THE_JOB": "2"}
    request["NetworkConfig"] = {"EnableNetworkIsolation": False}
    request["ProcessingInputs"].append(QUERY)
    return request


@pytest.mark.parametrize("image", ["tool", "tool:3.x", "r.example/a/tool@sha256:1", "r:5000/tool"])
def test_what_stands_for_an_images_program_gets_arguments_variables_and_queries(
    equipped, request_of_tool, image
) -> None:
    request_of_tool["AppSpecification"]["ImageUri"] = image
    response = run_processing_job(request_of_tool, name="job", step="Step", machine=equipped)
    assert response["ProcessingJobStatus"] == "Completed", response
    said = json.loads(equipped.storage.read_bytes("s3://bucket/out/said.json"))
    assert said == [["--option '{\"a\": 1}'"], "1", "2", "here", "SELECT 1", True]


def test_an_image_without_one_is_refused(equipped, request_of_tool) -> None:
    request_of_tool["AppSpecification"]["ImageUri"] = "other/tools:3.x"
    with pytest.raises(DefinitionError, match="Step Step: a local job needs a ContainerEntrypoint"):
        run_processing_job(request_of_tool, name="job", step="Step", machine=equipped)


def test_a_program_of_the_jobs_own_is_given_no_answer_to_a_query(equipped, request_of_tool) -> None:
    request_of_tool["AppSpecification"]["ContainerEntrypoint"] = ["python3", "-c", "1"]
    with pytest.raises(DefinitionError, match="input rows: a local input has an S3Uri"):
        run_processing_job(request_of_tool, name="job", step="Step", machine=equipped)
