"""The lines of a sweep, without starting one."""

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from experiments.sweep.sweeper import parsed_overrides


def test_a_pattern_of_arms_matches_no_hidden_file(tmp_path):
    """macOS writes ._x.yaml beside x.yaml on foreign disks."""
    (tmp_path / "arm").mkdir()
    for name in ("a", "b", "._a"):
        (tmp_path / "arm" / f"{name}.yaml").write_text("x: 1\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        for pattern, found in (("*", ["a", "b"]), ("*,exclude=b", ["a"])):
            (parsed,) = parsed_overrides([f"arm=glob({pattern})"], loader)
            assert list(parsed.sweep_iterator()) == found
