"""The files that a program can reach."""

from __future__ import annotations

from sagetabular.assets.code import reachable

FILES = {
    "a/__init__.py": b"",
    "a/program.py": b"from a.b import thing\n",
    "a/b.py": b"def f():\n    from a.deep import part\n",
    "a/deep/__init__.py": b"",
    "a/deep/part.py": b"import a.last\nimport json\n",
    "a/last.py": b"if True:\n    import a.program\n",
    "a/other.py": b"import a.b\n",
    "a/broken.py": b"def f(:\n",
    "b.py": b"",
}


def test_what_a_program_imports_anywhere_is_reached_with_the_packages_above_it() -> None:
    found = reachable(FILES, ["a/program.py"])
    assert [*found] == [name for name in FILES if name not in ("a/other.py", "a/broken.py", "b.py")]
    assert all(content == FILES[name] for name, content in found.items())


def test_a_file_that_is_no_python_is_reached_and_leads_nowhere() -> None:
    assert [*reachable(FILES, ["a/broken.py"])] == ["a/broken.py"]
