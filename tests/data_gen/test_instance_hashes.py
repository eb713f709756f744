"""Ten instances of every generator are those of its committed hash, or its version is raised."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from data_gen.bodies.dynamics.scene import Scene
from data_gen.distribution import GenerationError
from data_gen.graphs.distributions.grid import Grid
from data_gen.paths.tasks.shortest_path import ShortestPath
from tests.data_gen.instance_hashes import (
    COMMAND,
    Generator,
    Line,
    differences,
    first_line,
    generators,
    line_of,
    read,
    update,
)

NOW, WRITTEN = generators(), read()


@dataclass(frozen=True)
class Shifted(Grid):
    """A grid that draws other numbers than before, but says of itself what it said before."""

    by: int = 0

    def __repr__(self):
        return "Grid()"

    def draw(self, size, rng):
        graph = super().draw(size, rng)
        return graph._replace(positions=graph.positions * (1 - self.by * 1e-4))


def of(law):
    return Generator("grid", ShortestPath(), law)


def test_every_generator_has_a_committed_hash_and_no_other_has():
    assert sorted(NOW) == sorted(WRITTEN), f"run {COMMAND}"


def is_fast(one):
    """Return whether the fast tests draw the instances: each law once, with its cheapest task."""
    tasks = [other for other in NOW.values() if repr(other.law) == repr(one.law)]
    cheapest = min(tasks, key=lambda other: (other.task.cost, other.label))
    is_first = one.law.structure is Scene or one.task.cost < 10
    return one is cheapest and is_first


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=one.label, marks=() if is_fast(one) else pytest.mark.slow)
        for name, one in NOW.items()
    ],
)
def test_the_instances_are_those_of_the_committed_hash(name):
    line = WRITTEN[name]
    if line.sizes:
        found = differences(NOW[name], line)
        assert not found, (
            f"{name}: {', '.join(found)} changed; raise generator_version of what draws them,"
            f" then run {COMMAND}"
        )


def test_an_instance_that_changes_has_another_hash():
    line = line_of(of(Grid()), (9, 12))
    assert differences(of(Shifted()), line) == []
    assert set(differences(of(Shifted(by=1)), line)) == {"x"}
    other = line_of(of(Grid()), (9, 13))
    assert "whole numbers or shapes" in differences(of(Grid()), line._replace(exact=other.exact))


def test_the_last_bits_of_numbers_do_not_count():
    @dataclass(frozen=True, repr=False)
    class Near(Shifted):
        def draw(self, size, rng):
            graph = Grid.draw(self, size, rng)
            return graph._replace(positions=np.nextafter(graph.positions, 1))

    assert differences(of(Near()), line_of(of(Grid()), (9, 12))) == []


def test_the_command_adds_and_removes_lines_and_changes_none(tmp_path, capsys):
    path = tmp_path / "hashes.csv"
    kept, gone, new = (of(law) for law in (Grid(), Shifted(2), Shifted(3)))
    update(path, {"kept": kept, "gone": gone})
    text = path.read_text()
    old = re.sub(r"(?m)^kept,(.*),([0-9a-f]{16}),", r"kept,\1,0123456789abcdef,", text)
    assert old != text
    path.write_text(old)
    update(path, {"kept": kept, "new": new})
    lines = read(path)
    assert list(lines) == ["kept", "new"]
    assert lines["kept"].exact == "0123456789abcdef"
    assert lines["new"] == line_of(new, (6, 7, 8))
    assert capsys.readouterr().out.splitlines() == ["added grid"] * 3


def test_a_generator_without_instances_of_its_law_has_an_empty_line():
    @dataclass(frozen=True)
    class Never(Grid):
        def draw(self, size, rng):
            raise GenerationError(f"{self!r}: no structure of size {size}")

    assert first_line(of(Never())) == Line("", "", "")
