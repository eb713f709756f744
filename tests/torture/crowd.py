"""Sixteen of one command at once: the result is that of one, and all others end in one line."""

from tests.torture.commands import Ended, Started
from tests.torture.job import Job
from tests.torture.places import STAGES, Stage, apart, contents, leftovers
from tests.torture.tally import DIFFERENCE, LEFTOVER, TRACEBACK

CROWD = 16
NUMBERS = 1
SLICES = 1
SEEDS = Stage(
    "data_set",
    lambda place: place.words("train", f"seed={CROWD - 1}"),
    [("train", f"seed={seed}") for seed in range(CROWD - 1)],
)
PARTS = ("train", "evaluate", "publish_again", "export", "data_set")


def torture(job: Job) -> None:
    """Start sixteen commands at once, again and again."""
    many = job.part == "data_set"
    stage = SEEDS if many else STAGES[job.part]
    place, wanted, _ = stage.build(job.work)
    words = stage.words(place)
    lines = [place.words("train", f"seed={k}") if many else words for k in range(CROWD)]
    if many:  # nothing is there before: all of them need one data set
        for path in (job.work / "before").iterdir():
            path.rename(job.work / f"unused-{path.name}")
    for number in job.numbers(range(NUMBERS)):
        place.restore("before")
        began = [Started(line, job.work / f"said-{k}") for k, line in enumerate(lines)]
        _judge(job, number, [started.ended() for started in began], many)
        for name in apart(contents(place.home), wanted)[:1]:
            job.add(DIFFERENCE, number, name)
        for name in leftovers(place.home)[:1]:
            job.add(LEFTOVER, number, name)


def _judge(job: Job, number: int, ended: list[Ended], all_must: bool) -> None:
    """Count commands that fail with more than a line, or all of them, or one that must not."""
    job.tally.tried += len(ended)
    for one in ended:
        if not one.is_clean or (all_must and one.code):
            job.add(TRACEBACK, number, one.about)
    if all(one.code for one in ended):
        job.add(TRACEBACK, number, f"none succeeded: {ended[0].about}")
