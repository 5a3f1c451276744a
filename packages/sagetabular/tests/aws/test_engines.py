from __future__ import annotations

import pytest

from sagetabular.aws.images.engines import PROBES, find_engine
from sagetabular.errors import UserError


@pytest.mark.parametrize("name", PROBES)
def test_the_engine_that_is_there_is_found(engines, name):
    engines.install(name)
    assert find_engine(None).name == name


def test_a_client_without_its_daemon_is_passed_over_and_the_reason_kept(engines):
    engines.install("docker", ("version",), "Cannot connect to the Docker daemon.")
    engines.install("buildah")
    engine = find_engine(None)
    assert engine.name == "buildah"
    assert engine.passed_over == ("docker: Cannot connect to the Docker daemon",)


def test_without_an_engine_that_works_every_reason_is_told(engines):
    engines.install("docker", ("version",), "Cannot connect to the Docker daemon.")
    with pytest.raises(UserError) as caught:
        find_engine(None)
    assert "docker: Cannot connect to the Docker daemon;" in caught.value.message
    assert "podman, finch, buildah: not installed" in caught.value.message
    assert "Podman" in caught.value.remedy


def test_an_engine_asked_for_is_the_only_one_tried(engines):
    engines.install("docker")
    engines.install("podman", ("info",), "no")
    with pytest.raises(UserError, match=r"podman: no"):
        find_engine("podman")
    with pytest.raises(UserError, match="podman: no"):
        find_engine(None, {"CONTAINER_ENGINE": "podman"})
    assert find_engine("docker", {"CONTAINER_ENGINE": "podman"}).name == "docker"


def test_an_unknown_engine_is_named(engines):
    with pytest.raises(UserError, match="must be one of docker, podman, finch, buildah, got 'lxc'"):
        find_engine("lxc")


def test_an_engine_that_fails_is_told_with_its_exit_code(engines):
    engines.install("podman", ("build",))
    with pytest.raises(UserError, match="`podman build` must end well, got exit code 1"):
        find_engine(None).run("build")
