"""Forks of a warm server cannot be distinguished from fresh interpreters, except by their speed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from forks import PARENT, run_and_read, was_forked
from waiting import is_alive, wait_until

import sagelocal
from sagelocal.forking import client as fork_client
from sagelocal.forking.launching import forking_is_safe
from sagelocal.processes.launching import ProcessLauncher

pytestmark = pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only")


def test_all_trials_come_from_one_server_that_has_loaded_their_libraries(command, fork) -> None:
    code = "import os, sys\nloaded = 'numpy' in sys.modules\nprint(os.getppid(), loaded)\n"
    jobs = [command(code + "import numpy\n") for _ in range(3)]
    first, *others = [fork(job)[1].split() for job in jobs]
    assert was_forked(first[0])
    assert first[1] == "True"
    assert others == [first, first]


def test_code_of_the_job_itself_runs_in_the_trials_only(command, fork) -> None:
    job = command("import sys\nassert 'pkg' not in sys.modules\nimport pkg.effect\n")
    (job.folder / "pkg" / "effect.py").write_text("open('effects', 'a').write('x')\n")
    assert [fork(job)[0].code for _ in range(3)] == [0, 0, 0]
    assert (job.folder / "effects").read_text() == "xxx"


def test_what_a_trial_changes_is_not_seen_by_the_next(command, fork) -> None:
    see = (
        "import json, os, random, sys\nimport numpy\nimport numpy.random\n"
        "print(hasattr(json, 'mark'), numpy.geterr(), os.environ.get('MARK'), os.getcwd(),\n"
        "      'mark' in sys.path, sys.getrecursionlimit(), os.umask(0o22))\n"
    )
    change = (
        "json.mark = True\nnumpy.seterr(all='ignore')\nos.environ['MARK'] = 'x'\nos.chdir('/')\n"
        "sys.path.append('mark')\nsys.setrecursionlimit(500)\nos.umask(0)\n"
        "random.seed(1)\nnumpy.random.seed(1)\n"
    )
    draw = "print(random.random(), numpy.random.random())\n"
    outputs = [fork(command(code))[1] for code in (see, see + change + draw, see, see)]
    assert outputs[1].startswith(outputs[0])
    assert outputs[2:] == [outputs[0], outputs[0]]
    unseeded = [fork(command(see + draw))[1].split()[-2:] for _ in range(2)]
    assert set(unseeded[0]).isdisjoint(unseeded[1])
    assert set(unseeded[0]).isdisjoint(outputs[1].split()[-2:])


def test_a_trial_that_kills_its_process_group_leaves_the_server_alone(command, fork) -> None:
    _, server = fork(command(PARENT))
    ended, _ = fork(command("import os, signal\nos.killpg(0, signal.SIGKILL)"))
    assert ended.code == -signal.SIGKILL
    assert fork(command(PARENT))[1] == server


def test_a_trial_may_kill_the_server_and_the_next_runs_all_the_same(command, fork) -> None:
    deadly = "import os, time\nprint(os.getpid(), flush=True)\nos.kill(os.getppid(), 9)\n"
    ended, printed = fork(command(deadly + "time.sleep(60)"))
    assert ended.code == -signal.SIGKILL
    assert not ended.timed_out
    assert wait_until(lambda: not is_alive(int(printed)))
    ended, parent = fork(command(PARENT))
    assert ended.code == 0
    assert not was_forked(parent)


@pytest.mark.parametrize(
    "library",
    [
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
        "raise RuntimeError('half imported')",
        "import a_library_nobody_has",
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
    ],
)
def test_a_library_that_a_server_cannot_load_makes_plain_processes(
    command, fork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "awkward.py").write_text(library)
    # As if it were installed: the PYTHONPATH of a trial is not the server's.
    monkeypatch.setitem(fork_client._ONE_THREAD, "PYTHONPATH", str(site))
    code = PARENT + "import awkward\nprint('after')\n"
    job = command(code, PYTHONPATH=f"{tmp_path / 'code'}{os.pathsep}{site}")
    plain, expected = run_and_read(ProcessLauncher(), job)
    ended, printed = fork(job)
    assert (ended.code, printed.split()[1:]) == (plain.code, expected.split()[1:])
    assert not was_forked(printed.split()[0])


def test_trials_end_when_the_process_that_asked_for_them_is_killed(command) -> None:
    job = command("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from sagelocal.forking.launching import ForkLauncher\n"
        "from sagelocal.processes.commands import Command\n"
        f"job = Command({list(job.arguments)!r}, {dict(job.environment)!r},\n"
        f"              Path({str(job.folder)!r}), Path({str(job.log)!r}))\n"
        "with ForkLauncher().for_trials('Tune') as trials:\n    trials.run(job)\n"
    )
    path = {"PYTHONPATH": str(Path(sagelocal.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **path}) as asker:
        assert wait_until(lambda: job.log.is_file() and job.log.read_text())
        asker.kill()
    assert wait_until(lambda: not is_alive(int(job.log.read_text())))
