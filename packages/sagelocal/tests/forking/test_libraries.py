"""Libraries: what a program would import is read, never run, whatever else goes on."""

from __future__ import annotations

from pathlib import Path

from sagelocal.forking.libraries import imported_libraries


def make_program(folder: Path) -> Path:
    (folder / "own").mkdir(parents=True)
    (folder / "own/code.py").write_text(
        "import numpy as np\nfrom os import path\nimport own.other\n"
    )
    (folder / "own/broken.py").write_text("import (")
    program = folder / "tune.py"
    program.write_text("from own.code import x\nraise SystemExit(9)\n\ndef f():\n    import late\n")
    return program


def test_only_what_comes_from_outside_is_named(tmp_path: Path) -> None:
    found = imported_libraries(make_program(tmp_path / "a"))
    assert found == [("numpy", []), ("os", ["path"])]
