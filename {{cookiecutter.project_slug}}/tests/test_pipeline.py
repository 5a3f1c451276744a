"""The pipeline compiles, and runs to the end on a small table."""

from sagetabular.testing import compile_definition, run_small


def test_the_same_files_compile_to_the_same_definition():
    assert compile_definition() == compile_definition()


def test_a_model_is_selected_and_registered(tmp_path):
    run = run_small(".", tmp_path / "project")
    assert (run.status, run.reason) == ("Succeeded", "")
    assert run.winner in run.scores
    if run.r2:  # the planted target is almost the sum of its columns
        assert run.r2[run.winner] > 0.3
    assert run.model_package
