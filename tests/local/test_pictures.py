"""The pictures of the documents are those that `make pictures` takes."""

import re

from hooklane_local.paths import ROOT
from hooklane_local.pictures import FOLDER, names

USED = re.compile(r"(?:src|srcset)=\"([^\"]+\.png)\"")


def test_every_picture_is_one_that_the_command_takes():
    assert {one.name for one in FOLDER.iterdir()} == set(names())


def test_the_documents_show_every_picture_and_no_other():
    used = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for found in USED.findall(page.read_text()):
            file = (page.parent / found).resolve()
            assert file.is_file(), f"{page.name}: {found}"
            used.add(file.name)
    assert used == set(names())
