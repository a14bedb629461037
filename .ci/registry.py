"""A registry that has the npm packages of a folder and nothing else, as npm, pnpm and yarn ask one:
python3 .ci/registry.py FOLDER. It prints its address, and serves until it is ended.

So that `npm install aep-auth` is tried by that name, with the system's package chosen by the client and not by hand.
"""

import base64
import hashlib
import http.server
import json
import sys
import tarfile
import urllib.parse
from pathlib import Path

packages = {}
for path in sorted(Path(sys.argv[1]).glob("*.tgz")):
    with tarfile.open(path) as archive:
        manifest = json.load(archive.extractfile("package/package.json"))
    packages[manifest["name"]] = (manifest, path)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name, _, file = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/").partition("/-/")
        if name not in packages:
            return self.answer(404, b'{"error": "not found"}', "application/json")
        manifest, path = packages[name]
        if file:
            return self.answer(200, path.read_bytes(), "application/octet-stream")
        content = path.read_bytes()
        dist = {
            "tarball": f"http://127.0.0.1:{server.server_port}/{name}/-/{path.name}",
            "shasum": hashlib.sha1(content).hexdigest(),
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
        }
        version, made = manifest["version"], "2020-01-01T00:00:00.000Z"
        document = {
            "name": name,
            "dist-tags": {"latest": version},
            "versions": {version: {**manifest, "dist": dist}},
            # Some clients take nothing that is younger than a day.
            "time": {"created": made, "modified": made, version: made},
        }
        return self.answer(200, json.dumps(document).encode(), "application/json")

    def answer(self, status, content, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
