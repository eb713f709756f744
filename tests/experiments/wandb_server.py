"""A local server with the parts of Weights & Biases that an upload needs."""

import gzip
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

BUCKET = {
    "id": "1", "name": "run", "displayName": "run", "description": None, "config": None,
    "sweepName": None, "historyLineCount": 0,
    "project": {"id": "1", "name": "project", "entity": {"id": "1", "name": "me"}},
}  # fmt: skip
SEQUENCE = {"id": "1", "latestArtifact": {"id": "1", "versionIndex": 0}}


class Server(ThreadingHTTPServer):
    """A server that stores the lines of the history and the files that it is sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.history, self.offsets, self.files = {}, [], {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, query, variables):
        """Answer a GraphQL request."""
        if "upsertBucket" in query:
            return {"upsertBucket": {"bucket": BUCKET, "inserted": True}}
        if "createRunFiles" in query:
            files = [{"name": n, "uploadUrl": f"{self.url}/{n}"} for n in variables["files"]]
            return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}
        if "createArtifact(" in query:
            made = {"id": "1", "state": "COMMITTED", "artifactSequence": SEQUENCE}
            return {"createArtifact": {"artifact": made}}
        if "serverInfo" in query:
            return {"serverInfo": {"features": []}}
        return {}

    def take(self, stream):
        """Return the description of a run that is sent during an upload."""
        part = stream.get("files", {}).get("wandb-history.jsonl")
        if part is not None:
            self.offsets.append(part["offset"])
            lines = enumerate(part["content"], part["offset"])
            self.history.update({number: json.loads(line) for number, line in lines})

    def steps(self):
        """Return the updates in the curve's lines, in order."""
        lines = [self.history[number] for number in sorted(self.history)]
        return [line["step"] for line in lines if "step" in line]


class Handler(BaseHTTPRequestHandler):
    """The handler of one request."""

    server: Server

    def log_message(self, *_):
        pass

    def do_PUT(self):
        self.server.files[self.path.lstrip("/")] = self._body()
        self._send({})

    def do_POST(self):
        body = self._body()
        if "graphql" in self.path:
            asked = json.loads(body)
            data = self.server.answer(asked["query"], asked.get("variables"))
            self._send({"data": data})
            return
        if self.path.endswith("file_stream"):
            self.server.take(json.loads(body))
        self._send({})

    def _body(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _send(self, answer):
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def running():
    """Run a server inside this context manager."""
    with Server() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
