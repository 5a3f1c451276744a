"""Public names: these stay, everything else may change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from readme import README

import sagelocal
import sagelocal.definition
import sagelocal.errors

ERRORS = {
    *("DefinitionError", "ExecutionNotFoundError", "ExecutionStateError", "ParameterError"),
    *("RecordError", "RegistryError", "SageLocalError", "SelectionError", "ServerError"),
    *("StorageError", "DamagedError"),
}


def test_the_names_of_the_package_are_frozen() -> None:
    assert {*sagelocal.__all__} == ERRORS | {
        *("ExecutionRecord", "ImageProgram", "Listener", "LocalSageMaker", "ModelRegistry"),
        *("Cleaning", "Removed", "Reuse", "ServeCommand", "StepRecord", "Storage"),
        *("list_executions", "load_execution"),
        # With `register_runner`: other people's pipelines have Lambda and Callback steps.
        *("StepCall", "StepRunner"),
    }


def test_the_names_of_its_public_modules_are_frozen() -> None:
    assert {*sagelocal.errors.__all__} == ERRORS | {"did_you_mean"}
    assert {*sagelocal.definition.__all__} == {
        *("Branch", "Definition", "Parameter", "Reference", "STEP_TYPES", "Step"),
        *("effective_values", "parse_definition", "references"),
        # What `pipeline compile` asks, so that there is one validator.
        *("NoPropertyError", "Problem", "Referred", "expression_places", "fits"),
        *("limit_problems", "limits_of", "property_type", "request_problems"),
    }


def test_every_public_name_is_there_and_is_documented() -> None:
    for module in (sagelocal, sagelocal.errors, sagelocal.definition):
        for name in module.__all__:
            assert name == "STEP_TYPES" or getattr(module, name).__doc__


def test_importing_it_loads_the_standard_library_and_nothing_else() -> None:
    place = str(Path(sagelocal.__path__[0]).parent)
    look = (
        f"import sys; sys.path.append({place!r}); import sagelocal; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    words = [sys.executable, "-I", "-S", "-c", look]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert {*loaded} - {*sys.stdlib_module_names, "__main__"} == {"sagelocal"}


def test_the_readme_can_be_read_at_a_glance() -> None:
    text = README.read_text()
    assert len(text.split()) <= 450
    assert max(map(len, text.splitlines())) <= 100
