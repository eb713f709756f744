"""Show the progress of a sweep by watching the run folders, wherever the jobs run."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from experiments.processes.duration import Clock, in_words
from experiments.sweep.job import Job, number_of

LOG = logging.getLogger(__name__)
SECONDS = 0.5  # between two checks of the folders


@contextmanager
def shown_progress(jobs: list[Job]) -> Iterator[None]:
    """While entered, show a bar on a terminal, or elsewhere log a line whenever a job is done."""
    skipped = sum(job.was_done for job in jobs)
    left, refused = sum(job.is_open for job in jobs), [job for job in jobs if job.error]
    LOG.info("%s: %d done before, %d to run", number_of(jobs), skipped, left)
    for error in dict.fromkeys(job.error for job in refused):
        LOG.warning("refused, the others run: %s", error)
    ended = threading.Event()
    bar = tqdm(total=len(jobs), initial=skipped, desc="sweep", unit=" jobs", disable=None)
    watch = threading.Thread(target=_watch, args=(jobs, bar, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()
        bar.close()


def _watch(jobs: list[Job], bar: tqdm, ended: threading.Event) -> None:
    seen = sum(job.was_done for job in jobs)
    clock = Clock(seen)
    is_last = False
    while not is_last:
        is_last = ended.wait(SECONDS)
        done = sum(job.is_done for job in jobs)
        if done > seen and bar.disable:
            left = in_words(clock.left(done, len(jobs)))
            rest = f", about {left} left" if done < len(jobs) else ""
            LOG.info("%d of %s done in %s%s", done, number_of(jobs), in_words(clock.passed), rest)
        bar.refresh()
        bar.update(done - seen)
        seen = done
