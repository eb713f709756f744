"""The folders that torture works in: what is in them, and whether two are alike."""

import csv
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data_gen.reading import LINE, SUMS, sum_of
from tests.torture.commands import Ended, succeed

NOT_COMPARED = ("seconds", "commit")  # columns; somebody may commit while torture runs
HAS_DURATIONS = ("seconds.json", "transfer")  # the files begin so
TRAIN = [
    "model=deep_sets", "model.hidden_dim=8", "train.sizes=[6,8]", "train.num_steps=6",
    "train.num_instances=24", "train.batch_size=8", "val.num_instances=8", "val.every=2",
    "transfer.num_instances=4", "transfer.sizes=[8]", "machine.save_every=2",
    "machine.num_workers=1", "study=s", "label=test", "task_label=paths",
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A folder with runs, data, results and formulas, always at the same path in a job."""

    work: Path

    @property
    def home(self) -> Path:
        """The folder that commands see."""
        return self.work / "home"

    @property
    def said(self) -> Path:
        """The file for what a command says."""
        return self.work / "said"

    @property
    def run(self) -> Path:
        """The run of the first seed."""
        return next(iter(sorted((self.home / "outputs" / "s").glob("*seed0*"))))

    def words(self, command: str, *more: str) -> list[str]:
        """Return the words of a command in this place."""
        outputs, data, results = (self.home / name for name in ("outputs", "data", "results"))
        dirs = {
            "train": [*TRAIN, f"machine.runs_dir={outputs}", f"machine.data_dir={data}"],
            "evaluate": [f"machine.data_dir={data}", "machine.num_workers=1"],
            "publish": ["study=s", f"runs_dir={outputs}", f"results_dir={results}"],
            "export": [f"folder={self.home / 'cnf'}", "sizes=[5]"],
            "report": [f"results_dir={results}", f"file={self.home / 'report.html'}"],
            "mirror": ["tracking=tensorboard", f"machine.runs_dir={self.home / 'mirrors'}"],
            "verify": [f"machine.data_dir={data}", "machine.num_workers=1"],
            "severity": ["study=s", f"results_dir={results}", f"machine.data_dir={data}",
                         "machine.num_workers=1", "num_instances=4"],
        }  # fmt: skip
        flags = [word for word in more if word.startswith("-")]
        return [command, *flags, *dirs[command], *(word for word in more if word not in flags)]

    def succeed(self, command: str, *more: str) -> Ended:
        """Run a command that must succeed."""
        return succeed(self.words(command, *more), self.said)

    def keep(self, name: str) -> None:
        """Keep a copy of the home."""
        shutil.copytree(self.home, self.work / name, symlinks=True)

    def restore(self, name: str) -> None:
        """Put the home back as it was kept."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.work / name, self.home, symlinks=True)

    def refill(self, name: str) -> None:
        """Put back what is in the home; the folder itself stays, which may be a disk."""
        for path in self.home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.work / name, self.home, symlinks=True, dirs_exist_ok=True)


@dataclass(frozen=True)
class Stage:
    """A command whose result is known: what is there before, and its words."""

    name: str
    words: Callable[[Place], list[str]]
    before: Sequence[tuple[str, ...]] = field(default=())

    def build(self, work: Path) -> tuple[Place, dict[str, bytes], Ended]:
        """Make the place before the command, kept as `before`, and return the result."""
        place = Place(work)
        place.home.mkdir(parents=True)
        for words in self.before:
            place.succeed(*words)
        place.keep("before")
        ended = succeed(self.words(place), place.said)
        return place, contents(place.home), ended


STAGES = {
    stage.name: stage
    for stage in (
        Stage("train", lambda place: place.words("train")),
        Stage(
            "evaluate",
            lambda place: place.words(
                "evaluate", f"run={place.run}", "name=e", "transfer.sizes=[9]"
            ),
            [("train",)],
        ),
        Stage("publish", lambda place: place.words("publish"), [("train",)]),
        Stage(
            "publish_again",
            lambda place: place.words("publish"),
            [("train",), ("publish",), ("train", "seed=1")],
        ),
        Stage("export", lambda place: place.words("export")),
        Stage(
            "join",
            lambda place: place.words("train", "-m", "seed=0,1"),
            [("train",), ("train", "seed=1")],
        ),
    )
}


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder without durations; locks and temporary files are left out.

    A line of SHA256SUMS about a file with durations says instead whether it is right.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.name.endswith(".lock") and ".tmp" not in name:
            found[name] = _timeless(path)
    return found


def leftovers(folder: Path) -> list[str]:
    """Return the temporary files and folders below a folder."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob(".*.tmp*")]


def apart(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """Return the names of files that are missing, new or different."""
    return [name for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "seconds.json":
        return str(float(content) >= 0).encode()
    if path.name == SUMS:
        lines = content.decode().splitlines()
        return "\n".join(_line(path.parent, line) for line in lines).encode()
    if path.suffix == ".csv":
        return _without_seconds(content.decode()).encode()
    return content


def _line(folder: Path, line: str) -> str:
    """Return a line of SHA256SUMS; without the sum if that depends on durations and is right."""
    told = LINE.fullmatch(line)
    if told is None or not told[2].startswith(HAS_DURATIONS):
        return line
    is_right = (folder / told[2]).is_file() and sum_of((folder / told[2]).read_bytes()) == told[1]
    return f"{told[2]} {'right' if is_right else 'wrong'}"


def _without_seconds(text: str) -> str:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    kept = [k for k, name in enumerate(rows[0] if rows else []) if name not in NOT_COMPARED]
    return "\n".join(",".join(row[k] for k in kept if k < len(row)) for row in rows)
