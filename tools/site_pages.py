"""A hook of MkDocs: the pages of the site that are not in docs/, and what GitHub's Markdown allows and
Python's does not."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from reference_pages import pages  # noqa: E402 (MkDocs does not put the folder of a hook on the path)


def on_files(files: Files, config: Any) -> None:
    """Add the start page, how to contribute, and the reference."""
    made = {
        "index.md": (ROOT / "README.md").read_text(),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text(),
    }
    made = {name: _moved_into_docs(text) for name, text in made.items()} | pages()
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))


def on_page_markdown(markdown: str, **_: Any) -> str:
    """In code within tables, `|` is escaped for GitHub, and must not be for Python's Markdown."""
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace(r"\|", "|"), markdown)


def _moved_into_docs(text: str) -> str:
    """The text of a file of the top folder, with links as seen from docs/. What is not part of the site
    keeps its name only."""

    text = text.replace("](docs/", "](").replace("](CONTRIBUTING.md)", "](contributing.md)")

    def kept(link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        is_file = (ROOT / "docs" / target.partition("#")[0]).exists()
        is_page = is_file or target == "contributing.md" or target.startswith("http")
        return link[0] if is_page else words

    return re.sub(r"\[([^\[\]\n]*)\]\(([^)\n]*)\)", kept, text)
