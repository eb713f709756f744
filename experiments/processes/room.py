"""The memory and the disk that are free on this machine, for this process."""

import math
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6))


def free_memory() -> float:
    """Return the bytes that this process can still take; infinite where nothing tells them.

    The least of what is free on the machine, in the cgroup (of a container or a job of Slurm), and
    within `ulimit -v`.
    """
    return max(0.0, min(_of_machine(), _of_cgroups(), _of_limit()))


def free_disk(folder: Path) -> float:
    """Return the bytes that this user can still write in a folder, which need not exist yet."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        return float(shutil.disk_usage(place).free)
    except OSError:
        return math.inf


def in_bytes(number: float) -> str:
    """Return a number of bytes in its largest unit: `3.2 TB`, `20 GB`, `5 MB`."""
    name, unit = next((pair for pair in UNITS if number >= pair[1]), UNITS[-1])
    return f"{number / unit:.2g} {name}" if number < 100 * unit else f"{number / unit:.0f} {name}"


def _of_machine() -> float:
    """Return the free memory of the machine, with its swap."""
    found = _numbers(Path("/proc/meminfo"))
    if "MemAvailable" in found:
        return 1024 * (found["MemAvailable"] + found.get("SwapFree", 0))
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError):
        return math.inf


def _of_limit() -> float:
    """Return the address space that is left within `ulimit -v`."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return math.inf
    return limit - 1024 * _numbers(Path("/proc/self/status")).get("VmSize", 0)


def _of_cgroups() -> float:
    """Return the memory that is left in the cgroup of this process and in those around it."""
    return min((limit - used for limit, used in _cgroups()), default=math.inf)


def _cgroups() -> Iterator[tuple[float, float]]:
    """Yield limit and use of every cgroup around this process that has a limit."""
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, name = line.split(":", 2)
        root = CGROUPS / "memory" if controllers == "memory" else CGROUPS
        if controllers not in ("", "memory"):
            continue
        names = ("memory.max", "memory.current", "inactive_file")
        if controllers:  # version 1
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        inner = root / name.strip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(root):
                limit, used = (next(_lines(folder / file), "max") for file in names[:2])
                if limit.isdecimal() and used.isdecimal():
                    reclaimed = _numbers(folder / "memory.stat").get(names[2], 0)
                    yield float(limit), float(used) - reclaimed


def _numbers(path: Path) -> dict[str, int]:
    """Return the numbers of a file of the kernel, by the words before them."""
    pairs = (line.replace(":", " ").split()[:2] for line in _lines(path))
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) > 1 and pair[1].isdecimal()}


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file; none if it cannot be read."""
    try:
        yield from path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
