import bz2
import codecs
import gzip
import lzma
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.formula import CNF
from pysat.solvers import Solver

from data_gen.cell import Cell
from data_gen.distribution import GenerationError
from data_gen.sat import dimacs, text_file
from data_gen.sat.cnf import Cnf
from data_gen.sat.dimacs import DimacsError, read, write
from data_gen.sat.distributions.dimacs_files import DimacsFiles
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.tasks.sat_assignment import SatAssignment
from data_gen.sat.tasks.satisfiability import Satisfiability
from data_gen.sat.tasks.unsat_core import UnsatCore

N = 6
CLAUSES = st.lists(st.lists(st.integers(-N, N).filter(bool), max_size=5), max_size=12)
SPACES = st.sampled_from(
    [" ", "  ", "\t", "\n", " \n ", "\r\n", "\nc 1 x 0\n", "\n c\nc p cnf 1 1\n"]
)


def rng(seed=0):
    return np.random.default_rng(seed)


def once(clauses):
    """Return the clauses without repeated literals, in their order."""
    return [list(dict.fromkeys(clause)) for clause in clauses]


def read_text(text, name="a.cnf"):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)


def pigeons(holes):
    """Return the pigeonhole formula: unsatisfiable, and slow to refute for every solver."""
    at = np.arange(1, (holes + 1) * holes + 1).reshape(holes + 1, holes)
    two = [[-a[h], -b[h]] for i, a in enumerate(at) for b in at[:i] for h in range(holes)]
    return Cnf.from_clauses(at.size, [*at.tolist(), *two])


# Reading and writing


@settings(max_examples=60, deadline=None)
@given(CLAUSES, st.lists(st.text("cp%0 1é\n\r\v\u2028")), st.sampled_from(["a.cnf", "a.cnf.gz"]))
def test_what_is_written_is_read(clauses, comments, name):
    formula = Cnf.from_clauses(N, once(clauses))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(formula, path, comments)
        again = read(path)
        assert [entry.name for entry in Path(folder).iterdir()] == [name]
    assert again.num_variables == N
    assert again.clauses == formula.clauses
    for ours, theirs in zip(again[1:], formula[1:], strict=True):
        assert ours.dtype == theirs.dtype


@settings(max_examples=60, deadline=None)
@given(CLAUSES, st.data())
def test_lines_blanks_and_comments_are_free(clauses, data):
    words = [str(word) for clause in clauses for word in [*clause, 0]]
    spaces = data.draw(st.lists(SPACES, min_size=len(words), max_size=len(words)))
    body = "".join(word + space for word, space in zip(words, spaces, strict=True))
    text = f"c first\n\n p  cnf {N}\t{len(clauses)} \n{body}"
    assert read_text(text).clauses == once(clauses)


@settings(max_examples=60, deadline=None)
@given(CLAUSES)
def test_the_reader_of_pysat_finds_the_same_formula_and_answer(clauses):
    lines = ["c of a test", f"p cnf {N} {len(clauses)}"]
    lines += [" ".join(map(str, [*clause, 0])) for clause in clauses]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.cnf"
        path.write_text("\n".join(lines) + "\n")
        ours, theirs = read(path), CNF(from_file=str(path))
        problem = DimacsFiles(str(path)).structure_at(N, 0)
    assert [set(clause) for clause in ours.clauses] == [set(clause) for clause in theirs.clauses]
    with Solver(name="cadical153", bootstrap_with=theirs.clauses) as engine:
        assert problem.is_sat == engine.solve()
    if problem.model is not None:
        assert all(any(problem.model[abs(v) - 1] == (v > 0) for v in c) for c in theirs.clauses)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("p cnf 2 1\n1 -2 0\n%\n0\n\nanything", [[1, -2]]),  # the end of SATLIB files
        ("p cnf 2 1\n2 1 2 1 0", [[2, 1]]),  # a repeated literal is read once
        ("p cnf 2 1\n1 -1 2 0", [[1, -1, 2]]),  # a clause that is always true is kept
        ("p cnf 2 2\n0 1 0", [[], [1]]),  # the empty clause is never true
        ("p cnf 0 0", []),
        ("p cnf 3 2\r\n1 2\r\n0 +3 0", [[1, 2], [3]]),
        ("p cnf 3 2\r1 2\r0 3 0\r", [[1, 2], [3]]),
        ("cnf is a comment\np cnf 1 1\n1 0\nc last", [[1]]),
    ],
)
def test_what_solvers_take_is_taken(text, clauses):
    assert read_text(text).clauses == clauses


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "header"),
        ("\n\nc only\n", 1, "nothing but comments"),
        ("%\n0", 1, "nothing but comments"),
        ("c x\n1 2 0\n", 2, "'1 2 0', expected a header"),
        ("p dnf 2 1\n1 0", 1, "'p dnf 2 1', expected a header"),
        ("p cnf 2\n1 0", 1, "'p cnf 2', expected a header"),
        ("p cnf 2 -1\n1 0", 1, "'p cnf 2 -1', expected a header"),
        ("p cnf 2 1 0\n1 0", 1, "a header"),
        ("p cnf 1000001 1\n1 0", 1, "1000001 variables and 1 clauses, expected at most 2000000"),
        ("p cnf 1 2000001\n1 0", 1, "1 variables and 2000001 clauses, expected at most 2000000"),
        ("p cnf " + "9" * 5000 + " 1\n1 0", 1, "a header"),
        ("p cnf 2 2\n1 0\np cnf 2 2\n2 0", 3, "'p', expected whole"),
        ("p cnf 2 1\nc\n1 2.5 0", 3, "'2.5', expected whole"),
        ("p cnf 2 1\n1 x2 0", 2, "'x2', expected whole"),
        ("p cnf 2 1\n1 0x2 0", 2, "'0x2', expected whole"),
        ("p cnf 2 1\n1_0 0", 2, "'1_0', expected whole"),
        ("p cnf 2 1\n1\n-\n2 0", 3, "'-', expected whole"),
        ("p cnf 2 1\n1\n\n1-2 0", 4, "'1-2', expected whole"),
        ("p cnf 2 1\n--2 0", 2, "'--2', expected whole"),
        ("p cnf 2 1\n1 2-", 2, "'2-', expected whole"),
        ("p cnf 2 1\n1 -2 0 c late", 2, "'c', expected whole"),
        ("p cnf 2 2\nc\n1 0\nc\n2 3 0", 5, "'3', expected variables 1 to 2"),
        ("p cnf 2 1\n-3 0", 2, "'-3', expected variables"),
        ("p cnf 2 1\n1 -99999999999999999999999 0", 2, "'-999"),
        ("p cnf 2 1\n1\n2", 3, "'2' at the end"),
        ("p cnf 2 2\n1 0\n2", 3, "'2' at the end"),
        ("p cnf 2 2\n1 0\n2\n", 3, "'2' at the end"),
        ("p cnf 2 3\n1 0\nc\n2 0\n\n", 4, "2 clauses, expected 3"),
        ("p cnf 2 3\n", 1, "0 clauses"),
        ("p cnf 2 1\n1 0\n\n2\n0", 4, "'2' in one more clause, expected 1"),
        ("p cnf 2 0\n1 0", 2, "'1' in one more clause"),
        (b"\x00\x9f\x01\x02\n\n", 1, "a header"),
        (b"p cnf 2 1\n1 0\n" + bytes(range(128, 256)), 3, "..., expected whole"),
    ],
)
def test_anything_else_is_one_line_with_file_and_line(tmp_path, text, line, words):
    path = tmp_path / "bad.cnf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DimacsError) as raised:
        read(path)
    message = str(raised.value)
    assert message.startswith(f"{path}:{line}: found ")
    assert words in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 200


TEXT = "c by hand: é\np cnf 2 2\n1 -2 0\n2 0\n"
LZMA = lzma.compress(TEXT.encode(), format=lzma.FORMAT_ALONE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.cnf.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("a.cnf.bz2", bz2.compress(TEXT.encode())),
        ("a.cnf.xz", lzma.compress(TEXT.encode())),
        ("a.cnf.lzma", LZMA),
        ("packed.cnf", gzip.compress(TEXT.encode(), mtime=0)),
        ("unpacked.cnf.gz", TEXT.encode()),
        ("notepad.cnf", TEXT.encode("utf-8-sig")),
        ("powershell.cnf", TEXT.encode("utf-16")),
        ("big_endian.cnf", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
        ("packed_powershell.cnf.xz", lzma.compress(TEXT.encode("utf-16"))),
        ("dos.cnf", TEXT.replace("\n", "\r\n").encode() + b"\x1a"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_formulas_are_read_as_they_are_distributed(name, content):
    assert read_text(content, name).clauses == [[1, -2], [2]]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_file_that_is_larger_than_the_bound_is_one_line(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(text_file, "MAX_BYTES", 1000)
    path = tmp_path / "a.cnf"
    path.write_bytes(pack(b"p cnf 1 1\n1 0" + b" " * 10_000))
    with pytest.raises(DimacsError, match=r"a\.cnf:1: found more than 1000 bytes"):
        read(path)


def test_a_formula_with_too_many_literals_is_one_line(monkeypatch):
    monkeypatch.setattr(dimacs, "MAX_LITERALS", 3)
    assert read_text("p cnf 2 2\n1 2 0\n1 0").clauses == [[1, 2], [1]]
    many = r"a\.cnf:1: found 6 numbers in clauses, expected at most 3 literals and a 0 [^\n]+$"
    with pytest.raises(DimacsError, match=many):
        read_text("p cnf 2 2\n1 2 0\n1 2 0")


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
def test_words_and_comments_at_the_ends_of_pieces_count_once(monkeypatch, piece):
    monkeypatch.setattr(dimacs, "PIECE", piece)
    text = "c x\np cnf 30 2\nc 1 2 3\n c\n-11  22 0\nc\n\n30 0\nc end"
    monkeypatch.setattr(dimacs, "MAX_LITERALS", 3)
    assert read_text(text).clauses == [[-11, 22], [30]]
    monkeypatch.setattr(dimacs, "MAX_LITERALS", 2)
    with pytest.raises(DimacsError, match=r"a\.cnf:2: found 5 numbers"):
        read_text(text)


def test_a_file_of_too_many_lines_is_one_line(monkeypatch):
    monkeypatch.setattr(dimacs, "MAX_LINES", 3)
    assert read_text("c\nc\np cnf 1 1\n1 0").clauses == [[1]]
    with pytest.raises(DimacsError, match=r"a\.cnf:1: found 4 lines, expected at most 3$"):
        read_text("c\nc\nc\np cnf 1 1\n1 0")


BOMB = """
import resource, sys
from data_gen.sat import dimacs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    dimacs.read(sys.argv[1])
except dimacs.DimacsError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "repeated", "words"),
    [
        (b"p cnf 1 100\n", b"1 0\n", "lines, expected at most"),
        (b"p cnf 1 100\n", b"0 ", "numbers in clauses, expected at most"),
        (b"p cnf 1 1\n", b"1 ", "numbers in clauses, expected at most"),
        (b"", b"c\n", "lines, expected at most"),
        (b"p cnf 10000000 1\n", b"1 0\n", "lines, expected at most"),
    ],
)
def test_a_small_file_that_unpacks_to_a_large_one_takes_less_than_a_gigabyte(
    tmp_path, start, repeated, words
):
    path, block = tmp_path / "a.cnf.gz", repeated * (2**20 // len(repeated))
    with gzip.open(path, "wb") as file:
        file.write(start)
        for _ in range(126):
            file.write(block)
    found = subprocess.run(
        [sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True
    )
    error, kilobytes = found.stdout.splitlines()
    assert words in error
    assert int(kilobytes) < 2**20


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT.encode(), mtime=0)[:-9],
        gzip.compress(TEXT.encode(), mtime=0)[:-8] + b"checksum",
        bz2.compress(TEXT.encode())[:-9],
        b"BZh9, not packed",
        lzma.compress(TEXT.encode())[:-9],
        lzma.compress(TEXT.encode())[:9] + b"broken",
        LZMA[:-9],
        TEXT.encode("utf-16")[:-1],
    ],
    ids=["gz", "checksum", "bz2", "no bz2", "xz", "no xz", "lzma", "utf-16"],
)
def test_half_a_file_is_one_line(content):
    with pytest.raises(DimacsError, match=r"a\.cnf:1: found [^\n]+, expected a complete file$"):
        read_text(content)


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "a.cnf"
    write(Cnf.from_clauses(1, [[1]]), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a\.cnf"):
        write(Cnf.from_clauses(1, [[-1]]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# Files as a distribution


def fill(folder, size=8, count=5, seed=0):
    """Write formulas with both answers to files; return the problems, ordered by file name."""
    generator = rng(seed)
    problems = [Sr().draw(size, generator) for _ in range(count)]
    for index, problem in enumerate(problems):
        write(problem.formula, folder / f"{size}-{index}.cnf")
    return problems


def test_a_test_set_has_every_file_once_in_the_order_of_names(tmp_path):
    fill(tmp_path, 5, 2)
    problems = fill(tmp_path, 8, 12)
    law = DimacsFiles(f"{tmp_path}/*.cnf")
    assert law.sizes == [5, 8]
    names = sorted(f"{tmp_path}/8-{index}.cnf" for index in range(12))
    cell = Cell(Satisfiability(), law, (8,), "test")
    assert cell.names == names
    assert cell.count(3) == 12
    found = [*cell.structures(0, 5), *cell.structures(5, 12)]
    for name, problem in zip(names, found, strict=True):
        expected = problems[int(Path(name).stem.removeprefix("8-"))]
        assert problem.formula.clauses == expected.formula.clauses
        assert problem.is_sat == expected.is_sat
    graphs = cell.instances(3, 7)
    assert [bool(graph.graph_is_sat) for graph in graphs] == [p.is_sat for p in found[3:7]]


def test_a_draw_is_any_of_the_files_of_its_size(tmp_path):
    fill(tmp_path, 5, 2)
    problems = fill(tmp_path, 8, 3)
    law, generator = DimacsFiles(f"{tmp_path}/*.cnf"), rng()
    counts = Counter(str(law.draw(8, generator).formula.clauses) for _ in range(300))
    assert set(counts) == {str(problem.formula.clauses) for problem in problems}
    assert min(counts.values()) > 70
    train = Cell(Satisfiability(), law, (5, 8), "train")
    assert train.names is None
    assert train.count(3) == 3
    assert {int(graph.graph_num_variables) for graph in train.instances(0, 20)} == {5, 8}


def test_the_identity_is_that_of_the_formulas(tmp_path):
    problems = fill(tmp_path)
    pattern = f"{tmp_path}/*.cnf"
    cell = Cell(Satisfiability(), DimacsFiles(pattern), (8,), "test")
    before = cell.file_stem(5)
    last = tmp_path / "8-4.cnf"
    last.write_text("c a comment\n" + last.read_text())
    (tmp_path / "moved").mkdir()
    for index, problem in enumerate(problems):
        write(problem.formula, tmp_path / "moved" / f"{index}.cnf.gz")
    for same in (pattern, f"{tmp_path}/moved/*"):
        assert Cell(Satisfiability(), DimacsFiles(same), (8,), "test").file_stem(5) == before
    last.unlink()
    write(problems[0].formula, last)
    assert Cell(Satisfiability(), DimacsFiles(pattern), (8,), "test").file_stem(5) != before
    with pytest.raises(GenerationError, match=r"8-4\.cnf: the file has changed"):
        cell.instances(4, 5)  # a formula cannot change unnoticed after it was read


def test_a_file_that_is_not_decided_is_named(tmp_path):
    write(pigeons(8), tmp_path / "hard.cnf")
    law = DimacsFiles(f"{tmp_path}/hard.cnf", max_conflicts=10)
    with pytest.raises(GenerationError, match=r"hard\.cnf: [^\n]+ 10 conflicts, use a larger max_"):
        law.structure_at(72, 0)
    write(pigeons(4), tmp_path / "easy.cnf")
    assert not DimacsFiles(f"{tmp_path}/easy.cnf").structure_at(20, 0).is_sat


def fill_badly(folder):
    """Two good files, and one for each reason to leave a file out."""
    fill(folder, 5, 2)
    texts = {"x.cnf": "p cnf 5 1\n1 x 0", "y.cnf": "p cnf 0 0\n", "z.cnf": "p cnf 3 5\n1 2 0\n"}
    for name, text in texts.items():
        (folder / name).write_text(text)


def test_all_bad_files_are_told_at_once(tmp_path, caplog):
    fill_badly(tmp_path)
    with pytest.raises(GenerationError) as raised:
        DimacsFiles(f"{tmp_path}/*.cnf").names(5)
    assert str(raised.value) == (
        f"3 of 5 files are bad, the first: {tmp_path}/x.cnf:2: found 'x', expected whole numbers;"
        " skip_bad=true leaves such files out"
    )
    told = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in told] == [f"{tmp_path}/{c}.cnf" for c in "xyz"]


def test_bad_files_are_left_out_counted_and_told_if_asked(tmp_path, caplog):
    fill_badly(tmp_path)
    write(pigeons(8), tmp_path / "hard.cnf")
    law = DimacsFiles(f"{tmp_path}/*.cnf", max_conflicts=50, skip_bad=True)
    assert law.sizes == [5]
    good = DimacsFiles(f"{tmp_path}/5-*.cnf")
    assert law.names(5) == good.names(5)
    assert law.identity == good.identity
    assert law.structure_at(5, 1).is_sat == good.structure_at(5, 1).is_sat
    told = [record.getMessage() for record in caplog.records]
    assert told[-1] == "4 of 6 files are bad and left out"
    assert [line.split(":")[0][len(f"{tmp_path}/") :] for line in told[:-1]] == [
        "hard.cnf", "x.cnf", "y.cnf", "z.cnf",
    ]  # fmt: skip
    assert DimacsFiles(law.files, max_conflicts=50, skip_bad=True).sizes == [5]
    assert len(caplog.records) == len(told)  # told once
    (tmp_path / "x.cnf").write_text("p cnf 4 1\n1 0")  # mended
    assert DimacsFiles(law.files, max_conflicts=50, skip_bad=True).sizes == [4, 5]
    with pytest.raises(GenerationError, match=r"^files must match a good file, got .+ the form"):
        DimacsFiles(f"{tmp_path}/[yz].cnf", skip_bad=True).names(5)


def test_a_task_that_asks_of_one_answer_leaves_the_others_out(tmp_path):
    problems = fill(tmp_path, 5, 8)
    files = f"{tmp_path}/*.cnf"
    for task, answer in ((SatAssignment(), True), (UnsatCore(), False)):
        law = DimacsFiles(files, skip_bad=True, **task.file_settings)
        expected = [f"{tmp_path}/5-{k}.cnf" for k, p in enumerate(problems) if p.is_sat == answer]
        assert law.names(5) == expected
        assert len(Cell(task, law, (5,), "test").instances(0, len(expected))) == len(expected)
        strict = Cell(task, DimacsFiles(files, **task.file_settings), (5,), "test")
        with pytest.raises(GenerationError, match=r"the formula is not [a-z]+, as the task needs"):
            strict.instances(0, 8)
    assert Satisfiability().file_settings == {"is_sat": None}


@dataclass(frozen=True)
class OnlySatisfiable(Satisfiability):
    def posed(self, structures):
        return [structure for structure in structures if structure.is_sat]


def test_a_file_that_a_task_cannot_pose_is_named(tmp_path):
    write(pigeons(2), tmp_path / "unsat.cnf")
    cell = Cell(OnlySatisfiable(), DimacsFiles(f"{tmp_path}/*.cnf"), (6,), "test")
    with pytest.raises(GenerationError, match=r"unsat\.cnf: OnlySatisfiable\([^\n]+ has no inst"):
        cell.instances(0, 1)


def test_no_file_no_such_size_and_no_variable_are_one_line(tmp_path):
    fill(tmp_path)
    with pytest.raises(GenerationError, match=r"size must be one of \[8\] [^\n]+ got 9$"):
        Cell(Satisfiability(), DimacsFiles(f"{tmp_path}/*.cnf"), (8, 9), "train")
    for pattern in (f"{tmp_path}/*.dimacs", f"{tmp_path}", ".", "/", "**x"):
        with pytest.raises(GenerationError, match=r"^files must [^\n]+, got [^\n]+$"):
            DimacsFiles(pattern).names(8)
    write(Cnf.from_clauses(0, []), tmp_path / "none.cnf")
    with pytest.raises(GenerationError, match=r"none\.cnf: the formula has no variables"):
        DimacsFiles(f"{tmp_path}/*.cnf").names(8)


@pytest.mark.parametrize(("name", "value"), [("files", " "), ("files", "\0"), ("max_conflicts", 0)])
def test_a_bad_argument_is_named_in_one_line(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got [^\n]+$"):
        DimacsFiles(**{"files": "*.cnf", name: value})
