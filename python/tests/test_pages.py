"""The page of `integrations/python`, as it stands, with the emulator's address in place of the platform's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbclient
import nbformat
import pytest

import aep_auth
from conftest import REPOSITORY

if TYPE_CHECKING:
    from conftest import World

FOLDER = REPOSITORY / "integrations/python"
PAGE = (FOLDER / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CLASSES = "XDM ExperienceEvent"


def pointed(text: str, world: World) -> str:
    text = text.replace("https://platform.adobe.io", world.url)
    return text.replace('configure("prod")', f'configure("prod", platform_url="{world.url}")')


@pytest.mark.needs("headers --for", "token --refused")
@pytest.mark.parametrize("block", BLOCKS, ids=[" ".join(re.findall(r"import (\w+)", block)) for block in BLOCKS])
def test_each_block_lists_the_classes(stored: World, block: str) -> None:
    code = pointed(block, stored)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, CLASSES in done.stdout) == (0, True), done.stdout + done.stderr
    assert stored.token_requests() == 1


def test_the_check_is_one(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    check = re.search(r"^## Check\n\n```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert check
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AEP_PROFILE", "prod")
    done = subprocess.run(["sh", "-ec", check[1]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "a token is at hand" in done.stdout
    assert stored.token_requests() == 1


def test_the_distributions_own_page(stored: World) -> None:
    page = (REPOSITORY / "python/README.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    code = pointed(block, stored) + "print(classes.json()['results'][0]['title'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.strip()


def test_there_is_a_block_for_each_library() -> None:
    for name in ("requests", "httpx.Client", "httpx.AsyncClient", "aep_auth.headers", "aep_auth.aepp"):
        assert any(name in block for block in BLOCKS), name


def notebook(source: Path, world: World) -> nbformat.NotebookNode:
    return nbformat.reads(pointed(source.read_text(), world), as_version=4)


@pytest.mark.needs("headers --for", "token --refused")
def test_the_notebook_runs_and_holds_no_token(stored: World) -> None:
    run = nbclient.NotebookClient(notebook(FOLDER / "classes.ipynb", stored), timeout=60).execute()
    text = nbformat.writes(run)
    assert CLASSES in text
    assert "hidden, " in text
    assert str(aep_auth.token()) not in text
    assert stored.token_requests() == 1


def test_five_notebooks_with_three_objects_of_aepp_make_one_request(stored: World) -> None:
    code = f"""\
import aep_auth.aepp
from aepp import connector
aep_auth.aepp.configure("prod", platform_url="{stored.url}")
print(len({{connector.AdobeRequest().token for _ in range(3)}}))"""
    cells = [nbformat.v4.new_code_cell(code)]
    for _ in range(5):
        run = nbclient.NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=60).execute()
        assert [output.text for output in run.cells[0].outputs] == ["1\n"]
    assert stored.token_requests() == 1


def test_a_kernel_that_has_no_profile_says_so_in_the_cell(world: World) -> None:
    cells = [nbformat.v4.new_code_cell('import aep_auth\naep_auth.token("nowhere")')]
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ConfigurationError"):
        nbclient.NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=60).execute()


def test_the_init_script_is_one(world: World) -> None:
    subprocess.run(["bash", "-n", str(FOLDER / "databricks-init.sh")], check=True)
