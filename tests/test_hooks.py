"""What the hooks do besides checking answers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.baking import CHOICES, DEFAULTS, ROOT, generate, run_hook


def state_of(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return mode and time of the last change of everything below a folder."""
    stats = {path: path.stat() for path in folder.rglob("*")}
    return {path: (stat.st_mode, stat.st_mtime_ns) for path, stat in stats.items()}


@pytest.mark.parametrize("package", ["xgboost", "sagemaker", "sagetabular"])
def test_a_project_may_have_the_name_of_a_package_since_it_is_none(
    package: str, tmp_path: Path
) -> None:
    for hook in ("pre_gen_project", "post_gen_project"):
        result = run_hook(hook, {"project_slug": package}, tmp_path)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("infrastructure", CHOICES["infrastructure"])
@pytest.mark.parametrize("source_control", CHOICES["source_control"])
def test_hooks_change_nothing_the_second_time(
    template: Path, tmp_path: Path, source_control: str, infrastructure: str
) -> None:
    answers = {"source_control": source_control, "infrastructure": infrastructure}
    project = generate(template, tmp_path / "output", answers)
    (project / ".github").mkdir(exist_ok=True)
    (project / ".github" / "CODEOWNERS").write_text("* @team\n", encoding="utf-8")
    before = state_of(project)
    for hook in ("pre_gen_project", "post_gen_project"):
        assert run_hook(hook, answers, project).returncode == 0
    assert state_of(project) == before


def test_hooks_need_nothing_but_the_standard_library() -> None:
    for hook in (ROOT / "hooks").glob("*.py"):
        source = hook.read_text(encoding="utf-8")
        assert source.isascii()
        modules = [
            line.split()[1] for line in source.splitlines() if line[:5] in ("impor", "from ")
        ]
        assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


def test_the_next_step_is_printed(tmp_path: Path) -> None:
    result = run_hook("post_gen_project", DEFAULTS, tmp_path)
    assert f"cd {DEFAULTS['project_slug']} && make run" in result.stdout
