"""Show the progress of a sweep by watching the run folders, wherever the jobs run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tqdm import tqdm

from experiments.processes.duration import Clock, in_words
from experiments.processes.watch import watched
from experiments.sweep.job import Job, number_of

LOG = logging.getLogger(__name__)


@contextmanager
def shown_progress(jobs: list[Job]) -> Iterator[None]:
    """While entered, show a bar on a terminal, or elsewhere log a line whenever a job is done."""
    skipped = sum(job.was_done for job in jobs)
    left, refused = sum(job.is_open for job in jobs), [job for job in jobs if job.error]
    LOG.info("%s: %d done before, %d to run", number_of(jobs), skipped, left)
    for error in dict.fromkeys(job.error for job in refused):
        LOG.warning("refused, the others run: %s", error)
    bar = tqdm(total=len(jobs), initial=skipped, desc="sweep", unit=" jobs", disable=None)
    look = partial(_show, jobs, bar, Clock(skipped))
    try:
        with watched(look):
            yield
        look()
    finally:
        bar.close()


def _show(jobs: list[Job], bar: tqdm, clock: Clock) -> None:
    """Show the jobs that are done since the last look, and the time that is left."""
    done = sum(job.is_done for job in jobs)
    if done > bar.n and bar.disable:
        left = in_words(clock.left(done, len(jobs)))
        rest = f", at this pace {left} left" if done < len(jobs) else ""
        LOG.info("%d of %s done in %s%s", done, number_of(jobs), in_words(clock.passed), rest)
    bar.n = done  # a bar that is not shown does not count by itself
    bar.refresh()
