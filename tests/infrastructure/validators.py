"""The programs that judge templates, in an environment of their own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import REGION

# Runs there: what is worse than a hint, as JSON.
_VALIDATE = """
import json, sys
from cloudformation_validate import CompositeEngine
engine = CompositeEngine()
print(json.dumps([
    [path, found.rule_id, str(found.entity), found.message]
    for path in sys.argv[1:]
    for found in engine.validate_template(path).diagnostics
    if "INFO" not in str(found.severity).upper()
], default=str))
"""


@dataclass(frozen=True)
class Finding:
    """What a program has against a file.

    Attributes:
        file: Its name.
        rule: Identifier of the rule.
        text: What is wrong, and where.
    """

    file: str
    rule: str
    text: str


@dataclass(frozen=True)
class Checked:
    """What checkov says.

    Attributes:
        failed: What it has against the files.
        skipped: File, resource and rule of each suppression that suppressed something.
    """

    failed: list[Finding]
    skipped: set[tuple[str, str, str]]


class Validators:
    """The programs of an environment.

    Args:
        programs: Folder where they are.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs

    def run(
        self, name: str, *words: str | Path, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program, in a folder if one is given."""
        command = [self._programs / name, *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    def lint(self, paths: list[Path]) -> list[Finding]:
        """Return what cfn-lint has against templates: errors and warnings."""
        result = self.run("cfn-lint", "--format", "json", "--regions", REGION, "--", *paths)
        return [
            Finding(
                Path(found["Filename"]).name,
                found["Rule"]["Id"],
                f"line {found['Location']['Start']['LineNumber']}: {found['Message']}",
            )
            for found in _json(result)
        ]

    def validate(self, paths: list[Path]) -> list[Finding]:
        """Return what cloudformation-validate has against templates: errors and warnings."""
        found = _json(self.run("python", "-c", _VALIDATE, *paths))
        return [
            Finding(Path(path).name, rule, f"{entity}: {text}")
            for path, rule, entity, text in found
        ]

    def check(self, folder: Path) -> Checked:
        """Return what checkov has against the templates of a folder."""
        results = self._checkov(folder, "cloudformation")
        return Checked(
            [
                Finding(Path(found["file_path"]).name, found["check_id"], found["resource"])
                for found in [*results.get("failed_checks", []), *_unread(results)]
            ],
            {
                (
                    Path(found["file_path"]).name,
                    found["resource"].partition(".")[2],
                    found["check_id"],
                )
                for found in results.get("skipped_checks", [])
            },
        )

    def find_secrets(self, folder: Path) -> dict[str, list[str]]:
        """Return file → what in it looks like a key, token or password; digests do not count."""
        words = ["scan", "--no-verify", "--all-files", "--disable-plugin", "HexHighEntropyString"]
        found = _json(self.run("detect-secrets", *words, ".", folder=folder))["results"]
        return {name: [each["type"] for each in entries] for name, entries in found.items()}

    def _checkov(self, folder: Path, framework: str) -> dict[str, Any]:
        words = ["--framework", framework, "--skip-download", "--output", "json"]
        report = _json(self.run("checkov", "--directory", folder, *words))
        found: dict[str, Any] = report.get("results", {})
        return found

    def lint_states(self, path: Path) -> list[str]:
        """Return what statelint has against a state machine."""
        result = self.run("statelint", path)
        return [line.strip() for line in result.stdout.splitlines() if line.strip()]

    def check_schema(self, schema: str, path: Path) -> str:
        """Return what is wrong with a build file by the schema of who executes it."""
        result = self.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)
        return "" if result.returncode == 0 else result.stdout + result.stderr


def _unread(results: dict[str, Any]) -> list[dict[str, str]]:
    """Return files that checkov could not read as findings."""
    return [
        {"file_path": file, "check_id": "parsing", "resource": "."}
        for file in results.get("parsing_errors", [])
    ]


def _json(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.stdout.strip(), result.stderr
    return json.loads(result.stdout)
