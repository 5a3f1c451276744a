"""600 mutations of a project's settings: they compile, or are two lines within two seconds."""

from __future__ import annotations

import random
import time

import pytest
from mutations import mutate, originals

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.errors import UserError
from sagetabular.settings import load_project

MUTATIONS, PARTS = 600, 4  # 1,500 by hand


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutation_is_a_traceback_or_takes_long(project_root, part):
    before = originals(project_root)
    compile_pipeline(load_project(project_root))  # imports the SDK
    refused = slowest = 0
    for number in range(part, MUTATIONS, PARTS):
        chance = random.Random(number)
        name = chance.choice([*before])
        text = mutate(before[name], chance)
        (project_root / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        started = time.process_time()
        try:
            compile_pipeline(load_project(project_root))
        except UserError as err:
            refused += 1
            assert len(str(err).splitlines()) == 2, (number, err)
            assert len(err.message) < 1000, (number, err)
        except BaseException as err:
            raise AssertionError(f"mutation {number} of {name}") from err
        slowest = max(slowest, time.process_time() - started)
        assert slowest < 2, (number, name)
        (project_root / name).write_text(before[name], encoding="utf-8")
    assert refused > MUTATIONS / PARTS / 2
    print(f"{refused} of {MUTATIONS // PARTS} refused, slowest {slowest:.2f} s")
