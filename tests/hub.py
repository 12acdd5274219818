"""A model hub of one process: the endpoints that huggingface_hub asks, over folders of files in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub:
    """Repositories by name: commits in order, each all of its files."""

    def __init__(self) -> None:
        self.repositories: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                hub.post(self, content)

            def do_GET(self) -> None:
                hub.get(self)

            do_HEAD = do_GET

            def log_message(self, *said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def commit(self, name: str, files: dict[str, bytes]) -> str:
        """A commit that changes some files; returns its digits."""
        commits = self.repositories.setdefault(name, [])
        whole = {**(commits[-1][1] if commits else {}), **files}
        digits = hashlib.sha1(repr((len(commits), sorted(whole.items()))).encode()).hexdigest()
        commits.append((digits, whole))
        return digits

    def post(self, request: Any, content: bytes) -> None:
        path = request.path.partition("?")[0]
        if path == "/api/repos/create":
            asked = json.loads(content)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            self.repositories.setdefault(name, [])
            return answer(request, {"url": f"{self.url}/{name}", "name": name})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/.+", path):
            files = json.loads(content)["files"]
            said = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            return answer(request, {"files": said})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/.+", path):
            lines = [json.loads(line) for line in content.splitlines()]
            files = {line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines if line["key"] == "file"}
            digits = self.commit(found[1], files)
            return answer(request, {"success": True, "commitOid": digits, "commitUrl": f"{self.url}/{found[1]}/commit/{digits}"})
        if path == "/api/validate-yaml":
            return answer(request, {"errors": [], "warnings": []})
        return answer(request, {"error": f"no endpoint {path}"}, 404)

    def get(self, request: Any) -> None:
        path = request.path.partition("?")[0]
        self.asked.append(path)
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        if found and self.repositories.get(found[1]):
            commit = self.at(found[1], found[2])
            if commit is None:
                return missing(request, "RevisionNotFound", "Invalid rev id")
            names = [{"rfilename": name} for name in commit[1]]
            return answer(request, {"id": found[1], "sha": commit[0], "siblings": names, "private": False})
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if found and self.repositories.get(found[1]):
            commit = self.at(found[1], found[2])
            if commit is None or found[3] not in commit[1]:
                return missing(request, "EntryNotFound", "Entry not found")
            content = commit[1][found[3]]
            etag = hashlib.sha256(content).hexdigest()
            return answer(request, content, headers={"ETag": f'"{etag}"', "X-Repo-Commit": commit[0]})
        return missing(request, "RepoNotFound", "Repository not found")

    def at(self, name: str, revision: str | None) -> tuple[str, dict[str, bytes]] | None:
        commits = self.repositories[name]
        if revision in (None, "main"):
            return commits[-1]
        return next((commit for commit in commits if commit[0] == revision), None)


def answer(request: Any, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def missing(request: Any, code: str, said: str) -> None:
    answer(request, {"error": said}, 404, {"X-Error-Code": code, "X-Error-Message": said})
