"""Read the file of an offline run of wandb (a log in LevelDB's format)."""

import json
import warnings

BLOCK = 32768
WHOLE, LAST = 1, 4  # kinds of fragments that end a record


def records(run):
    """Return the records of an offline run's folder, in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wandb.proto import wandb_internal_pb2 as wandb_internal

    (path,) = run.glob("*.wandb")
    data, position, parts = path.read_bytes(), 7, b""  # after the header of the file
    while position + 7 <= len(data):
        left = BLOCK - position % BLOCK
        if left < 7:  # the rest of the block is filled with zeros
            position += left
            continue
        size, kind = int.from_bytes(data[position + 4 : position + 6], "little"), data[position + 6]
        parts += data[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (WHOLE, LAST):
            record = wandb_internal.Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


def history(run):
    """Return the lines of the history, without wandb's own keys."""
    lines = [
        {tuple(item.nested_key) or (item.key,): json.loads(item.value_json)
         for item in record.history.item}
        for record in records(run)
        if record.WhichOneof("record_type") == "history"
    ]  # fmt: skip
    return [
        {"/".join(key): value for key, value in line.items() if not key[0].startswith("_")}
        for line in lines
    ]


def run_record(run):
    """Return the record with name, group, tags and configuration."""
    return next(r.run for r in records(run) if r.WhichOneof("record_type") == "run")


def configuration(run):
    update = run_record(run).config.update
    return {item.key: json.loads(item.value_json) for item in update if item.key != "_wandb"}


def summary(run):
    """Return the last values of the run."""
    found = {}
    for record in records(run):
        if record.WhichOneof("record_type") == "summary":
            for item in record.summary.update:
                found["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
    return found


def exit_code(run):
    """Return the exit code; None for a run that did not end."""
    codes = [r.exit.exit_code for r in records(run) if r.WhichOneof("record_type") == "exit"]
    return codes[0] if codes else None


def table(run):
    """Return the columns and rows of the run's only table."""
    (path,) = (run / "files" / "media" / "table").glob("transfer*.json")
    found = json.loads(path.read_text())
    return found["columns"], found["data"]
