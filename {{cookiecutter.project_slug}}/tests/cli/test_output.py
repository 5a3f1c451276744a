"""What several commands print."""

from __future__ import annotations

from pipelines.cli.output import shown


def test_a_path_below_the_working_directory_is_shown_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "runs/one") == "runs/one"


def test_a_path_elsewhere_is_shown_in_full(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown(tmp_path / "runs") == str(tmp_path / "runs")
