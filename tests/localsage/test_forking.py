"""Forks of a warm server cannot be told from fresh interpreters, except by their speed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import localsage
from localsage import LocalSageError, LocalSageMaker
from localsage.forking import client as fork_client
from localsage.forking.launching import ForkLauncher, forking_is_safe, launcher_type
from localsage.jobs.environment import job_environment
from localsage.jobs.machine import Machine
from localsage.processes.commands import Command, Exit
from localsage.processes.launching import ProcessLauncher
from localsage.tuning.job import run_tuning_job

pytestmark = pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only")

# Code of a trial that says whether it was forked: by a server, which is not the parent's parent.
PARENT = "import os\nprint(os.getppid())\n"
# Ends of a program → its code; each must end and print the same under both launchers.
ENDINGS = {
    "by itself": "print('done')",
    "exit code": "import sys\nsys.exit(3)",
    "exit code beyond a byte": "raise SystemExit(259)",
    "exit without a code": "raise SystemExit",
    "exit with a text": "import sys\nsys.exit('no rows')",
    "exit at once": "import os\nprint('half')\nos._exit(7)",
    "error": "def f(n):\n    return 1 / n\n\nf(0)",
    "error from an error": (
        "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError from error"
    ),
    "no Python": "def f(:",
    "own hook": "import sys\nsys.excepthook = lambda *told: print('hook', told[1])\nint('x')",
    "interrupt": "import atexit\natexit.register(print, 'bye')\nraise KeyboardInterrupt",
    "signal": "import os\nos.kill(os.getpid(), 11)",
    "asked to end": "import os\nos.kill(os.getpid(), 15)",
    "own process group killed": "import os\nos.killpg(0, 9)",
    "at exit": "import atexit\natexit.register(print, 'bye')\nprint('end')",
    "thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()"
    ),
    "file left open": "file = open('left.txt', 'w')\nfile.write('kept')",
    "buffer of C": "import ctypes\nctypes.CDLL(None).printf(b'from C\\n')",
    "missing library": "import no_such_library",
    "missing part of a library": "from json import no_such_name",
    "missing in a package": "import pkg.asks",
    "package that fails": "import pkg.fails",
    "relative import": "from pkg import good\nprint(good.NAME, good.__file__)",
    "names": "import __main__\nprint(__name__, __file__, __main__.__file__, __spec__, __package__)",
    "arguments": "import sys\nprint(sys.argv, sys.stdin.read())",
    "path": "import os, sys\nprint(sys.path, os.getcwd())",
    "variables": "import os\nprint(sorted(os.environ.items()))",
    "flags": "import signal, sys\nprint(sys.flags, signal.getsignal(2), signal.getsignal(17))",
    "annotations": "def f(a: 1 + 1): ...\nprint(f.__annotations__)",
    "pickle": "import pickle\nclass A: ...\nprint(type(pickle.loads(pickle.dumps(A()))))",
    "numbers": "import numpy\nprint(numpy.random.default_rng(1).normal(size=3), hash('a'))",
}


@pytest.fixture
def command(tmp_path: Path):
    """Make a command that runs a program in a folder with a small package."""
    package = tmp_path / "code" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "good.py").write_text("import json\n\nfrom . import name\n\nNAME = name.NAME\n")
    (package / "name.py").write_text("NAME = 'good'\n")
    (package / "asks.py").write_text("import a_library_nobody_has\n")
    (package / "fails.py").write_text("print('imported')\nraise RuntimeError('on purpose')\n")

    def make(code: str, *arguments: str, seconds: float | None = 30, **own: str) -> Command:
        program = package.parent / "program.py"
        program.write_text(code)
        environment = job_environment({"PYTHONPATH": str(package.parent), **own}, isolated=True)
        words = [sys.executable, str(program), *arguments]
        return Command(words, environment, program.parent, tmp_path / "logs" / "log", seconds)

    return make


@pytest.fixture
def fork():
    """Run a command as a trial and return its end and what it printed."""
    with ForkLauncher().for_trials("Tune") as trials:
        yield lambda job: run_and_read(trials, job)


def run_and_read(launcher, job: Command) -> tuple[Exit, str]:
    job.log.unlink(missing_ok=True)
    return launcher.run(job), job.log.read_text()


def was_forked(parent: str) -> bool:
    """Say whether a process is the server: a plain job's parent has ended with it."""
    words = Path(f"/proc/{int(parent)}/cmdline")
    return words.exists() and "forking/server" in words.read_text()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_fork_ends_and_prints_as_a_process_does(command, fork, ending: str) -> None:
    job = command(ENDINGS[ending], "--a", "1", SM_HP_A="1", OWN="x")
    left = job.folder / "left.txt"
    (plain, expected), file = run_and_read(ProcessLauncher(), job), left.exists()
    left.unlink(missing_ok=True)
    ended, printed = fork(job)
    assert (ended.code, printed) == (plain.code, expected)
    assert left.exists() == file
    assert not file or left.read_text() == "kept"
    assert was_forked(fork(command(PARENT))[1])


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
    assert ended.seconds < 10
    assert wait_for_death(int(printed))
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
        "from localsage.forking.launching import ForkLauncher\n"
        "from localsage.processes.commands import Command\n"
        f"job = Command({list(job.arguments)!r}, {dict(job.environment)!r},\n"
        f"              Path({str(job.folder)!r}), Path({str(job.log)!r}))\n"
        "with ForkLauncher().for_trials('Tune') as trials:\n    trials.run(job)\n"
    )
    path = {"PYTHONPATH": str(Path(localsage.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **path}) as asker:
        deadline = time.monotonic() + 20
        while not (job.log.is_file() and job.log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        asker.kill()
    assert wait_for_death(int(job.log.read_text()))


def wait_for_death(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().split(") ")[1][0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_tuning_job_gives_the_same_bits_in_either_isolation(machine: Machine, build) -> None:
    source = (
        "import os, sys\nimport numpy\n"
        "x = float(sys.argv[sys.argv.index('--x') + 1])\n"
        "numbers = numpy.random.default_rng(int(x * 1e6)).normal(size=1000)\n"
        "if x > 0.8: raise ValueError(f'{x} is too much')\n"
        "numpy.save(os.environ['SM_MODEL_DIR'] + '/model.npy', numbers)\n"
        "print(f'cv:r2={numpy.exp(-numbers @ numbers / 1e3)};')\n"
    )
    build.put_code(machine.storage, fit=source)
    results = []
    for isolation in ("process", "fork"):
        response = run_tuning_job(
            build.tuning_request(6, 3, strategy="Bayesian"),
            name="tune",
            step="Tune",
            machine=replace(machine, launcher=launcher_type(isolation)()),
            trial_finished=lambda *_told: None,
        )
        trials = response["TrainingJobSummaries"]
        archives = [
            machine.storage.read_bytes(
                f"s3://bucket/models/{trial['TrainingJobName']}/output/model.tar.gz"
            )
            for trial in trials
            if trial["TrainingJobStatus"] == "Completed"
        ]
        for trial in trials:
            trial.pop("Seconds")
        results.append((trials, archives))
    assert results[0] == results[1]
    assert {trial["TrainingJobStatus"] for trial in results[0][0]} == {"Completed", "Failed"}


def test_a_trial_that_was_killed_is_run_again_as_often_as_allowed(machine: Machine, build) -> None:
    source = (
        "import os, pathlib\n"
        f"attempts = pathlib.Path({str(machine.work)!r}, 'attempts')\n"
        "attempts.open('a').write('x')\n"
        "if len(attempts.read_text()) < 3: os.kill(os.getpid(), 9)\n"
        "print('cv:r2=1;')\n"
    )
    build.put_code(machine.storage, fit=source)
    response = run_tuning_job(
        build.tuning_request(1, 1, retries=2),
        name="tune",
        step="Tune",
        machine=replace(machine, launcher=ForkLauncher()),
        trial_finished=lambda *_told: None,
    )
    assert response["HyperParameterTuningJobStatus"] == "Completed"


def test_an_isolation_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalSageError, match="one of process, fork on this platform, got thread"):
        LocalSageMaker(tmp_path, isolation="thread")
