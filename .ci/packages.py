"""Looks at the packages of a folder with other eyes than those that wrote them: python .ci/packages.py FOLDER.

The list of parts is held against CycloneDX's own schema; the wheel's list of files against what it holds; its tag against
the versions of symbols, as auditwheel reads them.
"""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

folder = Path(sys.argv[1])


def parts() -> None:
    [path] = folder.glob("*.cdx.json")
    text = path.read_text()
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert wrong is None, wrong
    told = json.loads(text)
    assert told["specVersion"] == "1.6"
    names = [part["bom-ref"] for part in told["components"]]
    assert len(names) == len(set(names)) > 50
    # What the schema cannot say: every name that is used stands for a part.
    used = {name for entry in told["dependencies"] for name in [entry["ref"], *entry["dependsOn"]]}
    assert used <= set(names), used - set(names)
    print(f"{path.name}: CycloneDX 1.6, {len(names)} parts")


def wheel(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        [record] = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        listed = {}
        for name, digest, size in csv.reader(io.StringIO(archive.read(record).decode())):
            assert name not in listed, name
            listed[name] = (digest, size)
        assert listed.keys() == set(archive.namelist()) and len(archive.namelist()) == len(listed)
        for name, (digest, size) in listed.items():
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (("", "") if name == record else (f"sha256={expected}", str(len(content)))), name
    print(f"{path.name}: RECORD has its {len(listed)} files")
    platform = path.stem.rsplit("-", 1)[1]
    if "manylinux" in platform:
        told = subprocess.run(
            [sys.executable, "-m", "auditwheel", "show", path], check=True, capture_output=True, text=True
        ).stdout.replace("\n", " ")
        # A static program needs none, and any name is right.
        tag = next(tag for tag in platform.split(".") if tag.startswith("manylinux"))
        assert f'platform tag: "{tag}"' in told or "no external versioned symbols" in told, told
        print(f"{path.name}: {tag}, by auditwheel too")


parts()
for path in folder.glob("*.whl"):
    wheel(path)
