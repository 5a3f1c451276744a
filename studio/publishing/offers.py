"""A new release is offered to the account's projects: each one's seed is started with its bundle.

The stack stays as it is: what it gave the seed of an earlier release, a later bundle must take.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from sagetabular.aws.errors import code_of
from sagetabular.errors import UserError
from studio.lambdas.seeding import outcome
from studio.publishing.placing.account import asked
from studio.publishing.placing.seeds import Seed, find_seeds
from studio.publishing.showing import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from studio.publishing.placing.account import Publisher
    from studio.publishing.placing.bucket import Published

# At once; an account may build more, but not only this.
_MOST_AT_ONCE = 10
# Seconds between two looks; and until a build that says nothing is given up, which CodeBuild itself
# ends earlier (15 minutes: studio/project.yaml).
PAUSE, PATIENCE = 10, 1200
_FULL = "AccountLimitExceededException"


def list_offers(publisher: Publisher, published: Published, report: Callable[..., None]) -> None:
    """Print which projects would be offered a release.

    Args:
        publisher: Who asks.
        published: The release.
        report: Prints a title and lines.

    Raises:
        UserError: AWS refuses it.
    """
    location = f"{published.bucket}/{published.bundle_key}"
    lines = [
        f"{seed.slug}: {seed.reason_against(location) or f'{seed.release}, would be offered'}"
        for seed in find_seeds(publisher, published.bucket)
    ]
    report("Offers", lines or ["no project of this template here"])


def offer_updates(
    publisher: Publisher,
    published: Published,
    report: Callable[..., None],
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Offer a release to every project, print what became of each, and tell if all went well.

    Args:
        publisher: Who offers.
        published: The release.
        report: Prints a title and lines.
        pause: Waits for so many seconds.

    Raises:
        UserError: AWS does not say which projects there are. What is refused for one project is
            printed, and the others get their offers.
    """
    seeds = find_seeds(publisher, published.bucket)
    say(f"Offering {published.release} to {len(seeds)} projects, {_MOST_AT_ONCE} at once")
    offers = _Offers(publisher, published, pause)
    offers.make(seeds)
    lines = [f"{seed.slug}: {offers.said[seed][1]}" for seed in seeds]
    report("Offers", lines or ["no project of this template here"])
    if not seeds:
        return True
    counted = Counter(
        said.partition(":")[0] if good else "not offered" for good, said in offers.said.values()
    )
    report("Summary", [", ".join(f"{number} {word}" for word, number in sorted(counted.items()))])
    return all(good for good, _ in offers.said.values())


class _Offers:
    """Builds of seeds: some at once, each with its end.

    Attributes:
        said: Seed → whether it went well, and one line for people.
    """

    def __init__(
        self, publisher: Publisher, published: Published, pause: Callable[[float], None]
    ) -> None:
        self._client = publisher.client("codebuild")
        self._location = f"{published.bucket}/{published.bundle_key}"
        self._release = published.release
        self._pause = pause
        self._running: dict[str, Seed] = {}
        self._waited: Counter[Seed] = Counter()
        self.said: dict[Seed, tuple[bool, str]] = {}

    def make(self, seeds: Sequence[Seed]) -> None:
        waiting = []
        for seed in seeds:
            if reason := seed.reason_against(self._location):
                self.said[seed] = True, reason
            else:
                waiting.append(seed)
        while waiting or self._running:
            free = _MOST_AT_ONCE - len(self._running)
            # Those that CodeBuild has no room for come again.
            waiting = [seed for seed in waiting[:free] if not self._start(seed)] + waiting[free:]
            if waiting or self._running:
                self._pause(PAUSE)
                self._look()

    def _start(self, seed: Seed) -> bool:
        """Start a seed, or note why not; tell whether it need not be tried again."""
        variables = {"RELEASE": self._release, "SEED_REQUEST": "Update"}
        try:
            with asked("codebuild:StartBuild", seed.build):
                started = self._client.start_build(
                    projectName=seed.build,
                    sourceLocationOverride=self._location,
                    environmentVariablesOverride=[
                        {"name": name, "value": value, "type": "PLAINTEXT"}
                        for name, value in variables.items()
                    ],
                )
        except UserError as err:
            self._waited[seed] += PAUSE
            full = code_of(err.__cause__) == _FULL and self._waited[seed] < PATIENCE
            return not full and self._end(seed, False, str(err))
        self._running[started["build"]["id"]] = seed
        self._waited[seed] = 0
        say(f"{seed.slug}: started {started['build']['id']}")
        return True

    def _look(self) -> None:
        """Note the ends of builds."""
        if not (ids := list(self._running)):
            return
        try:
            with asked("codebuild:BatchGetBuilds", self._running[ids[0]].build):
                builds = self._client.batch_get_builds(ids=ids)["builds"]
            problem = "CodeBuild does not say how its build ended."
        except UserError as err:
            builds, problem = [], str(err)
        for build in builds:
            if build["buildStatus"] != "IN_PROGRESS":
                self._end(self._running.pop(build["id"]), *outcome(build))
        for build_id, seed in list(self._running.items()):
            self._waited[seed] += PAUSE
            if self._waited[seed] >= PATIENCE:
                del self._running[build_id]
                self._end(seed, False, f"{problem} Look at {build_id} in CodeBuild.")

    def _end(self, seed: Seed, good: bool, said: str) -> bool:
        self.said[seed] = good, " ".join(said.split())
        say(f"{seed.slug}: {self.said[seed][1]}")
        return True
