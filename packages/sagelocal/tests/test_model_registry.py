from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sagelocal
from sagelocal import ModelRegistry, RegistryError


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "registry")


def request(group: str = "houses", **rest: str) -> dict[str, str]:
    return {"ModelPackageGroupName": group, **rest}


def test_versions_of_a_group_count_from_one(registry: ModelRegistry) -> None:
    versions = [registry.create_model_package(request())["ModelPackageVersion"] for _ in range(3)]
    assert versions == [1, 2, 3]
    assert registry.create_model_package(request("flats"))["ModelPackageVersion"] == 1
    assert registry.groups() == ["flats", "houses"]


def test_a_package_keeps_its_request_and_gains_identity_status_and_time(registry) -> None:
    made = registry.create_model_package(request(ModelPackageDescription="first"))
    assert made == registry.describe("houses", 1)
    assert made["ModelPackageDescription"] == "first"
    assert made["ModelApprovalStatus"] == "PendingManualApproval"
    assert made["ModelPackageArn"].endswith(":model-package/houses/1")
    assert made["CreationTime"].endswith("+00:00")


def test_packages_are_listed_by_group_and_by_number_not_by_text(registry: ModelRegistry) -> None:
    for _ in range(11):
        registry.create_model_package(request())
    registry.create_model_package(request("flats"))
    assert [p["ModelPackageVersion"] for p in registry.packages("houses")] == list(range(1, 12))
    assert [p["ModelPackageGroupName"] for p in registry.packages()] == ["flats"] + ["houses"] * 11
    assert registry.packages("none") == []


def test_an_empty_registry_lists_nothing(registry: ModelRegistry) -> None:
    assert registry.groups() == registry.packages() == []


def test_approval_can_be_given_and_taken_back(registry: ModelRegistry) -> None:
    registry.create_model_package(request())
    approved = registry.update_approval("houses", 1, "Approved", "looks good")
    assert registry.describe("houses", 1) == approved
    assert approved["ModelApprovalStatus"] == "Approved"
    assert approved["ApprovalDescription"] == "looks good"
    assert approved["LastModifiedTime"] >= approved["CreationTime"]
    registry.update_approval("houses", 1, "Rejected")
    assert registry.describe("houses", 1)["ModelApprovalStatus"] == "Rejected"


def test_a_stage_of_life_stays_until_another_is_given(registry: ModelRegistry) -> None:
    registry.create_model_package(request())
    registry.update_approval("houses", 1, "Approved", stage="Staging")
    staged = {"Stage": "Staging", "StageStatus": "Approved"}
    assert registry.describe("houses", 1)["ModelLifeCycle"] == staged
    assert registry.update_approval("houses", 1, "Rejected")["ModelLifeCycle"] == staged


@pytest.mark.parametrize("status", ["approved", "", "Deployed"])
def test_an_unknown_status_is_refused_and_changes_nothing(registry, status: str) -> None:
    registry.create_model_package(request())
    with pytest.raises(RegistryError, match="Not an approval status"):
        registry.update_approval("houses", 1, status)
    with pytest.raises(RegistryError, match="Not an approval status"):
        registry.create_model_package(request(ModelApprovalStatus=status))
    assert [p["ModelApprovalStatus"] for p in registry.packages()] == ["PendingManualApproval"]


def test_what_is_not_there_is_an_error_with_a_remedy(registry: ModelRegistry) -> None:
    registry.create_model_package(request())
    with pytest.raises(RegistryError, match=r"no version 7\.\nIt has 1"):
        registry.describe("houses", 7)
    with pytest.raises(RegistryError, match="Did you mean houses"):
        registry.describe("house", 1)


@pytest.mark.parametrize("group", ["../escape", "a/b", "", ".", "a" * 64, "-a", "a\n", None])
def test_a_hostile_group_name_is_refused(registry: ModelRegistry, tmp_path: Path, group) -> None:
    with pytest.raises(RegistryError, match="Not a name"):
        registry.create_model_package(request(group))
    assert list(tmp_path.iterdir()) == []


def test_many_threads_get_a_version_each(registry: ModelRegistry) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: registry.create_model_package(request(n=str(n))), range(40)))
    assert sorted(package["ModelPackageVersion"] for package in made) == list(range(1, 41))
    assert sorted(int(package["n"]) for package in registry.packages()) == list(range(40))


def test_many_processes_get_a_version_each(registry: ModelRegistry) -> None:
    code = (
        "import sys; from pathlib import Path; from sagelocal.registry import ModelRegistry\n"
        "registry = ModelRegistry(Path(sys.argv[1]))\n"
        "for _ in range(10): registry.create_model_package({'ModelPackageGroupName': 'houses'})\n"
    )
    root = Path(sagelocal.__file__).parents[1]
    command = [sys.executable, "-c", code, str(registry.directory)]
    writers = [subprocess.Popen(command, cwd=root) for _ in range(3)]
    assert [writer.wait(30) for writer in writers] == [0, 0, 0]
    assert [p["ModelPackageVersion"] for p in registry.packages()] == list(range(1, 31))


def test_a_package_that_is_not_json_leaves_no_file(registry: ModelRegistry) -> None:
    with pytest.raises(ValueError, match="JSON"):
        registry.create_model_package({**request(), "R2": float("nan")})
    assert list((registry.directory / "houses").iterdir()) == []


def test_files_are_strict_json(registry: ModelRegistry) -> None:
    registry.create_model_package(request())
    text = (registry.directory / "houses" / "1.json").read_text()
    assert json.loads(text) == registry.describe("houses", 1)
