"""Settings changed as a hand, an editor or an enemy would: what is wrong is two lines, at once."""

from __future__ import annotations

import random
import re
from pathlib import Path

FILES = (
    "conf/pipeline.yaml", "conf/aws.yaml", "models/decision_tree/model.yaml",
    "models/xgboost/model.yaml",
)  # fmt: skip
WORDS = [
    *("no", "yes", "null", "~", "''", "[]", "{}", "-1", "0", "1e999", "-.inf", ".nan", "1_000"),
    *("0x" + "f" * 4000, "9" * 5000, "010", "1:30", "2026-02-30", "!!int ''", "!!binary x", "*a"),
    *("!!python/object:os.system x", "[[[[[[[[[[1]]]]]]]]]]", "{a: {b: {c: d}}}", "x" * 5000, "|"),
    *("\u202e", "'\\0'", "s3://x", "../../etc/passwd", "${HOME}", "{parameter: X, default: 1}"),
    *(
        "1e-400",
        "true",
        "&a [*a]",
        "'\ud83d\ude00'".encode("utf-16", "surrogatepass").decode("utf-16"),
    ),
]
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


def mutate(text: str, chance: random.Random) -> str:
    """Change a file of settings in one of ten ways, once or twice."""
    for _ in range(chance.choice((1, 1, 2))):
        text = chance.choice(_WAYS)(text, chance)
    return text


def _value(text, chance):
    places = [*re.finditer(r"(?<=: )[^\n#{\[]+", text)]
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + chance.choice(WORDS) + text[place.end() :]


def _key(text, chance):
    places = [*re.finditer(r"[A-Za-z_]+(?=:)", text)]
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + chance.choice(WORDS)[:200] + text[place.end() :]


def _line(change):
    def way(text, chance):
        lines = text.splitlines(keepends=True)
        if lines:
            change(lines, chance.randrange(len(lines)), chance)
        return "".join(lines)

    return way


def _indent(lines, at, chance):
    lines[at] = chance.choice(("\t", " ", "    ", "- ")) + lines[at]


def _swap(lines, at, chance):
    other = chance.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _character(text, chance):
    at = chance.randrange(len(text) + 1)
    sign = chance.choice([*"{}[]:,&*#?|-<>=!%@`'\"\\\n\t\x00\x07\ufeff\u2028", ""])
    return text[:at] + sign + text[at + chance.choice((0, 1)) :]


def _nest(text, chance):
    return text + "deep: " + chance.choice("[{")[0] * chance.choice((50, 500, 20_000)) + "\n"


_WAYS = (
    _value, _value, _value, _key, _key, _character,
    _line(lambda lines, at, _: lines.pop(at)),
    _line(lambda lines, at, _: lines.insert(at, lines[at])),
    _line(_indent), _line(_swap),
    lambda text, chance: text[: chance.randrange(len(text) + 1)],
    _nest,
    lambda text, chance: chance.choice((LAUGHS + text, text + LAUGHS)),
)  # fmt: skip


def originals(root: Path) -> dict[str, str]:
    """The files as they are."""
    return {name: (root / name).read_text(encoding="utf-8") for name in FILES}
