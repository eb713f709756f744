"""Folders of a stranger with links, circles, pipes, devices and sockets in the place of files.

Whatever a command does with such a folder, nothing outside is read (a marker in the files there
would show up in what is written), written or deleted.
"""

import base64
import gzip
import os
import re
import shutil
import socket
import stat
import zlib
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from PIL import Image
from safetensors.torch import load_file, save_file

from data_gen.reading import sum_of
from experiments.tables.pictures import write_pictures
from tests.experiments.test_pictures import spiral
from tests.torture.commands import Started
from tests.torture.job import Job
from tests.torture.places import Place
from tests.torture.tally import TOUCHED, TRACEBACK

LIMIT = 60  # seconds after which a command counts as hanging
MARKER = "marker7f3a"
NUMBER = "7654321.25"  # the marker where a file has only numbers
BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
STATE = "state/last"  # the newest state
OF_RUN = (
    ".", ".hydra", ".hydra/config.yaml", "weights.safetensors", "metrics.jsonl", "seconds.json",
    "transfer.csv", "cells.csv", "instances.parquet", "SHA256SUMS", "DONE", ".lock", "state", STATE,
    "transfer-x.csv", "cells-x.csv", "instances-x.parquet", "x.png",
)  # fmt: skip
OF_STUDY = (
    ".", "transfer.csv", "estimates.csv", "cells.csv", "metrics.csv", "curves.csv", "severity.csv",
    "README.md", "x.png", "x.json.gz", "x.pdf", "more.csv", "runs", "runs/run", "configurations",
    "configurations/x.yaml", "runs/run/.hydra/config.yaml", "runs/run/transfer.csv",
)  # fmt: skip
KINDS = ("link", "link_to_folder", "circle", "pipe", "device", "socket")
RUN, STUDY = "outputs/s/run", "results/s"
# Command -> the words for a run, the words for a study; None: it reads none.
Words = Callable[[Place], list[str]]
COMMANDS: dict[str, tuple[str, tuple[str, ...], Words]] = {
    "train": (RUN, OF_RUN, lambda place: place.words("train")),
    "evaluate": (
        RUN, OF_RUN,
        lambda p: p.words("evaluate", f"run={p.home}/outputs/s/*", "name=e", "transfer.sizes=[9]"),
    ),
    "publish": (RUN, OF_RUN, lambda place: place.words("publish")),
    "mirror": (
        RUN, OF_RUN, lambda place: place.words("mirror", f"run={place.home}/outputs/s/*")
    ),
    "verify": (RUN, OF_RUN, lambda place: place.words("verify", f"run={place.home}/outputs/s/*")),
    "publish_over": (STUDY, OF_STUDY, lambda place: place.words("publish")),
    "report": (STUDY, OF_STUDY, lambda place: place.words("report")),
    "mirror_study": (
        STUDY, OF_STUDY, lambda place: place.words("mirror", f"study={place.home}/results/s")
    ),
    "verify_study": (
        STUDY, OF_STUDY, lambda place: place.words("verify", f"results_dir={place.home}/results")
    ),
    "severity": (STUDY, OF_STUDY, lambda place: place.words("severity")),
}  # fmt: skip
PARTS = tuple(COMMANDS)
SLICES = 1


def torture(job: Job) -> None:
    """Damage a folder in every place and way, and run a command on it."""
    folder, names, words = COMMANDS[job.part]
    place = _place(job)
    every = list(product(names, KINDS))
    outside = job.work / "outside"
    hashes = dict(_hashes(outside))
    for number in job.numbers(range(len(every))):
        name, kind = every[number]
        place.restore("before")
        target = _damaged(place, folder, name)
        with _become(target, kind, _twin(outside, folder, name)):
            ended = Started(words(place), place.said).ended(LIMIT)
        job.tally.tried += 1
        about = f"{kind} at {folder}/{name}: {ended.about}"
        if not ended.is_clean:
            job.add(TRACEBACK, number, about)
        for path, was in hashes.items():
            if dict(_hashes(outside)).get(path) != was:
                job.add(TOUCHED, number, f"{path} was changed: {about}")
                return  # they are not as they were: nothing more can be said
        if len(dict(_hashes(outside))) != len(hashes):
            job.add(TOUCHED, number, f"there is a new file outside: {about}")
            return  # they are not as they were: nothing more can be said
        for path in _marked(place):
            job.add(TOUCHED, number, f"{path} has the marker: {about}")


def _place(job: Job) -> Place:
    """Make the folders of a stranger, and files outside of them that are alike but for a marker."""
    place = Place(job.work)
    place.home.mkdir()
    place.succeed("train")
    place.succeed("publish")
    place.succeed("severity")
    study, run = place.home / STUDY, place.run
    (study / "README.md").write_text("# A study\n\nWords.\n")
    (study / "more.csv").write_text("a,b\n1,words\n")
    (study / "x.pdf").write_bytes(b"%PDF-1.4\n")
    write_pictures([spiral()], study / "x.json.gz")
    for folder in (study, run):
        Image.new("RGB", (8, 8)).save(folder / "x.png")
    _let_be_foreign(job.part, run, study)
    place.keep("before")
    for name, folder in (("run", run), ("study", study)):
        shutil.copytree(folder, job.work / "outside" / name)
    for path in (job.work / "outside").rglob("*"):
        if path.is_file():
            _mark(path)
    (job.work / "outside" / "precious.txt").write_text(MARKER)
    return place


def _let_be_foreign(part: str, run: Path, study: Path) -> None:
    """Remove what a stranger would not leave there, or would write anew."""
    if part == "train":  # a training that was stopped
        for name in ("DONE", "SHA256SUMS", "weights.safetensors"):
            (run / name).unlink()
    elif part != "verify":  # a stranger can write any sums, or none
        for path in (*run.glob("SHA256SUMS"), *study.rglob("SHA256SUMS")):
            path.unlink()


def _mark(path: Path) -> None:
    """Put the marker into a file, which stays readable."""
    if path.suffix == ".safetensors":
        save_file(load_file(path), path, metadata={"about": MARKER})
    elif path.suffix == ".gz":
        text = gzip.decompress(path.read_bytes()).replace(b"two $bodies", MARKER.encode())
        path.write_bytes(gzip.compress(text))
    elif path.name == "seconds.json":
        path.write_text(NUMBER)
    elif path.suffix in (".csv", ".yaml"):
        path.write_text(path.read_text().replace("paths", MARKER).replace("words", MARKER))
    elif path.suffix == ".jsonl":
        path.write_text(path.read_text().replace('"step"', f'"val/{MARKER}": 1.0, "step"'))
    else:
        path.write_bytes(path.read_bytes() + MARKER.encode())


def _damaged(place: Place, folder: str, name: str) -> Path:
    """Return the place of the damage, with nothing there."""
    home = place.run if folder == RUN else place.home / folder
    path = home / name.replace("runs/run", f"runs/{place.run.name}")
    if name == STATE:
        path = max((home / "state").iterdir())
    if name == "configurations/x.yaml":
        path = max((home / "configurations").iterdir())
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path


def _twin(outside: Path, folder: str, name: str) -> Path:
    """Return the file or folder outside that is alike, or any file."""
    home = outside / ("run" if folder == RUN else "study")
    path = home / name
    if name == STATE:
        path = max((home / "state").iterdir())
    if name.startswith("runs/run"):
        path = next((home / "runs").iterdir()) / name.removeprefix("runs/run").lstrip("/")
    if name == "configurations/x.yaml":
        path = max((home / "configurations").iterdir())
    if name.endswith("-x.csv") or name.endswith("-x.parquet"):
        path = home / name.replace("-x", "")
    return path if path.exists() else outside / "precious.txt"


class _become:  # noqa: N801
    """While entered, a path is something that is no file of its folder."""

    def __init__(self, path: Path, kind: str, twin: Path) -> None:
        self.path, self.kind, self.twin = path, kind, twin
        self.socket = None

    def __enter__(self) -> None:
        make = {
            "link": lambda: self.path.symlink_to(self.twin),
            "link_to_folder": lambda: self.path.symlink_to(self.twin.parent),
            "circle": lambda: self.path.symlink_to(self.path),
            "pipe": lambda: os.mkfifo(self.path),
            "device": self._device,
            "socket": self._socket,
        }
        make[self.kind]()

    def _device(self) -> None:
        try:
            os.mknod(self.path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        except OSError:  # only root can
            self.path.symlink_to("/dev/zero")

    def _socket(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        here = os.open(self.path.parent, os.O_RDONLY)
        try:  # the whole path may be too long for a socket
            self.socket.bind(f"/proc/self/fd/{here}/{self.path.name}")
        finally:
            os.close(here)

    def __exit__(self, *error: object) -> None:
        if self.socket is not None:
            self.socket.close()


def _hashes(folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield every path below a folder with what changes when somebody touches it."""
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = sum_of(path.read_bytes()) if path.is_file() else ""
        yield str(path), (content, status.st_mtime_ns)


def _marked(place: Place) -> list[str]:
    """Return what was written with the marker in it."""
    found = [place.said]
    for parent, _, names in os.walk(place.home):
        paths = (Path(parent) / name for name in names)
        found += [path for path in paths if stat.S_ISREG(path.lstat().st_mode)]
    return [str(path) for path in found if _has_marker(path.read_bytes())]


def _has_marker(content: bytes) -> bool:
    texts = [content]
    for match in BASE64.finditer(content):
        whole = match.group()[: len(match.group()) // 4 * 4]
        texts.append(base64.b64decode(whole))
    texts += [unpacked for text in texts if (unpacked := _unpacked(text))]
    return any(word.encode() in text for word in (MARKER, NUMBER) for text in texts)


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return b""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return b""
