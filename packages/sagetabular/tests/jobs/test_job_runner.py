from __future__ import annotations

import argparse
import signal

import pytest

from sagetabular.jobs.errors import JobError, StoppedError
from sagetabular.jobs.runner import base_dir, run_job


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path


def end_of(job, argv=()):
    with pytest.raises(SystemExit) as caught:
        run_job(job, argv)
    return caught.value.code


def reasons(base):
    return {path.name: path.read_text(encoding="utf-8") for path in base.glob("output/*")}


def raises(error):
    def job(_argv):
        raise error

    return job


def test_the_containers_tree_is_where_sagemaker_has_it_unless_told_otherwise(base, monkeypatch):
    assert base_dir() == base
    monkeypatch.delenv("SAGEMAKER_BASE_DIR")
    assert base_dir().as_posix() == "/opt/ml"


def test_a_job_that_ends_well_exits_with_0_and_leaves_no_reason(base):
    seen = []
    assert end_of(seen.append, ["--folds", "5"]) == 0
    assert seen == [["--folds", "5"]]
    assert reasons(base) == {}


def test_a_users_mistake_exits_with_2_and_its_two_lines_without_a_traceback(base, capsys):
    text = "conf/pipeline.yaml: größe must be 1.\nSet it."
    assert end_of(raises(JobError(*text.splitlines()))) == 2
    assert reasons(base) == {"message": text, "failure": text}
    assert capsys.readouterr().err == f"{text}\n"


def test_our_own_mistake_exits_with_255_and_leaves_the_traceback_in_the_log(base, capsys):
    assert end_of(raises(ValueError("first\nsecond"))) == 255
    expected = "ValueError: first"
    assert reasons(base) == {"message": expected, "failure": expected}
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_job_that_was_stopped_exits_as_a_shell_would_say_it(base, capsys):
    assert end_of(raises(StoppedError(signal.SIGTERM))) == 143
    expected = "The job was stopped by SIGTERM."
    assert reasons(base) == {"message": expected, "failure": expected}
    assert capsys.readouterr().err == f"{expected}\n"


def test_an_error_without_words_is_named_by_its_type(base):
    assert end_of(raises(MemoryError())) == 255
    assert reasons(base)["failure"] == "MemoryError"


def test_arguments_that_are_not_understood_are_our_mistake(base, capsys):
    def job(argv):
        argparse.ArgumentParser().parse_args(argv)

    assert end_of(job, ["--nope"]) == 255
    assert "['--nope']" in reasons(base)["failure"]
    assert "unrecognized arguments: --nope" in capsys.readouterr().err
    assert end_of(job, ["--help"]) == 0


def test_a_long_reason_is_cut_where_sagemaker_cuts_it(base):
    assert end_of(raises(RuntimeError("x" * 5000))) == 255
    assert len(reasons(base)["failure"]) == 1024


def test_an_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        run_job(raises(KeyboardInterrupt()), [])
