"""Values as YAML, on one line each, so that no word is read as anything else."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# YAML 1.1 reads these as truth values.
_WORDS = re.compile(r"y|n|yes|no|on|off|true|false|null", re.IGNORECASE)


def written(value: Any) -> str:
    """Return a text, number, list or mapping in YAML's flow style; a plain word stays plain."""
    if isinstance(value, dict):
        items = [f"{written(key)}: {written(each)}" for key, each in value.items()]
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, float):
        text = repr(value)  # YAML 1.1 takes 1e-05 for a text
        return text if "." in text else text.replace("e", ".0e")
    if not isinstance(value, str):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value)
    return value if plain and yaml.safe_load(value) == value else _quoted(value)


def _quoted(text: str) -> str:
    """Return a text in double quotes, as JSON has it; but YAML takes signs outside of it whole."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped)
