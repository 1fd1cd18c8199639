"""Debian's source packages, fetched from where the machine has its packages from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import which

from vcnn.errors import InputError


def download_source(name: str, version: str, folder: Path) -> Path:
    """The archive of a source package, which apt checks.

    apt gets sources and lists of its own in ``folder``; those of the machine stay as they are.

    Parameters
    ----------
    name, version : str
        Of the source package.
    folder : Path
        To write to.

    Raises
    ------
    InputError
        If it cannot be fetched.
    """
    entries = _source_entries(_mirror(name))
    parts, lists = folder / "sources", folder / "lists"
    parts.mkdir()
    (lists / "partial").mkdir(parents=True)
    for suffix, text in entries.items():
        (parts / f"mirror{suffix}").write_text(text, encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": parts,
        "Dir::State::lists": lists,
        "Dir::Cache": folder,
    }
    apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in options.items())]
    for words in (["update"], ["source", "--download-only", f"{name}={version}"]):
        answer = subprocess.run([*apt, *words], cwd=folder, capture_output=True, text=True)
        if answer.returncode:
            reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(
                f"{name}: its source package, which has the headers, cannot be fetched; apt-get "
                f"{words[0]} says: {reason}"
            )
    return next(folder.glob(f"{name}_*.orig.tar.*"))


def _mirror(name) -> str:
    """Where the machine has a package from."""
    if which("apt-cache") is None:
        raise InputError(f"{name}: there is no apt here that would fetch its source package")
    answer = subprocess.run(["apt-cache", "madison", name], capture_output=True, text=True)
    rows = [line.split("|") for line in answer.stdout.splitlines()]
    mirrors = [row[2].split()[0] for row in rows if len(row) == 3]
    if not mirrors:
        raise InputError(f"{name}: apt does not know where it is from; run: apt-get update")
    return mirrors[0]


def _source_entries(mirror) -> dict[str, str]:
    """The machine's entries for a mirror, changed to source packages: suffix of file -> text."""
    shell = ["apt-config", "shell", "list", "Dir::Etc::sourcelist/f"]
    shell += ["parts", "Dir::Etc::sourceparts/d"]
    answer = subprocess.run(shell, capture_output=True, text=True)
    places = dict(re.findall(r"^(\w+)='(.*)'$", answer.stdout, re.M))
    files = [Path(places.get("list", "/etc/apt/sources.list"))]
    files += sorted(Path(places.get("parts", "/etc/apt/sources.list.d")).glob("*"))
    lines, stanzas = [], []
    for file in filter(Path.is_file, files):
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".list":
            lines += [line for line in text.splitlines() if line.startswith("deb ")]
        elif file.suffix == ".sources":
            stanzas += re.split(r"\n\s*\n", text)
    one_line = [re.sub("^deb ", "deb-src ", line) for line in lines if mirror in line]
    many = [re.sub(r"(?m)^Types:.*$", "Types: deb-src", s) for s in stanzas if mirror in s]
    texts = {".list": "\n".join(one_line), ".sources": "\n\n".join(many)}
    return {suffix: f"{text}\n" for suffix, text in texts.items() if text}
