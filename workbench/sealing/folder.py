"""A sealed run: a read-only copy with a list of its files and their hashes, and the same as a zip.

`seal.json` has the SHA-256 of every other file, and `seal.sha256` that of `seal.json`: the
fingerprint. Whoever keeps the fingerprint elsewhere can tell a copy from a forgery. Nothing in a
seal depends on the clock, so that the same run gives the same bytes.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import workbench
from workbench.errors import Problem, RunError, SealError
from workbench.runs import MANIFEST, Run, file_sha256, run_in
from workbench.sealing.recomputation import recomputation

SEAL: Final = "seal.json"
FINGERPRINT: Final = "seal.sha256"
_READ_ONLY: Final = 0o444


@dataclass(frozen=True)
class Seal:
    """What a sealed folder says of itself."""

    folder: Path
    fingerprint: str
    content: Mapping[str, Any]

    @property
    def zip_file(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.zip")

    @property
    def run(self) -> Run:
        """The sealed run, by the manifest that lies beside the seal."""
        return run_in(self.folder)


def seal_run(folder: Path) -> Seal:
    """Seal a finished run into `<output_root>/sealed/`: a folder of its name, and a zip beside it.

    Raises RunError when the run is sealed already, and SealError when a file of it is not what its
    manifest says, or its figures cannot be worked out again from its own tables.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    sealed = folder.parent.parent / "sealed" / manifest["run_id"]
    if sealed.exists():
        hint = f"'workbench verify {sealed}' says whether it still is what was sealed."
        raise RunError([Problem(manifest["run_id"], "it is sealed already.", hint)])
    if altered := altered_files(folder, manifest["files"], besides={MANIFEST}):
        raise SealError(f"{manifest['run_id']} cannot be sealed", altered)
    if differing := recomputation(run_in(folder)).differences:
        raise SealError(f"{manifest['run_id']} cannot be sealed", differing)
    part = sealed.with_name(f".{sealed.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed here
    for name in (*manifest["files"], MANIFEST):
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, part / name)
    fingerprint = _write_seal(part, manifest)
    for path in _files(part).values():
        path.chmod(_READ_ONLY)
    zip_part = part.with_suffix(".zip.part")
    write_zip(part, zip_part, name=sealed.name)
    zip_part.chmod(_READ_ONLY)
    zip_part.replace(sealed.with_name(f"{sealed.name}.zip"))
    part.replace(sealed)
    return read_seal(sealed, fingerprint)


def read_seal(folder: Path, fingerprint: str) -> Seal:
    """The seal of a folder, as it stands there."""
    return Seal(folder, fingerprint, json.loads((folder / SEAL).read_text(encoding="utf-8")))


def opened_seal(folder: Path) -> Seal:
    """The seal of a folder in which every file is what was sealed.

    Raises SealError that names every file that is changed, missing or was not there.
    """
    if broken := broken_files(folder):
        raise SealError(folder.name, broken)
    return read_seal(folder, file_sha256(folder / SEAL))


def broken_files(folder: Path) -> list[str]:
    """One sentence for each file of a sealed folder that is not what was sealed."""
    if not (folder / FINGERPRINT).is_file():
        return [f"{FINGERPRINT} is missing."]
    kept = (folder / FINGERPRINT).read_bytes()
    if kept != _fingerprint_line(file_sha256(folder / SEAL)):
        return [f"{SEAL} or {FINGERPRINT} is changed: the one is not the hash of the other."]
    files = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
    return altered_files(folder, files, besides={SEAL, FINGERPRINT})


def altered_files(folder: Path, files: Mapping[str, str], *, besides: set[str]) -> list[str]:
    """One sentence for each file that is changed, missing, or not listed; sorted by name.

    `files` has the SHA-256 of each by its path in the folder; `besides` are there without one.
    """
    there = _files(folder)
    said = []
    for name in sorted({*files, *there} - besides):
        if name not in there:
            said.append(f"{name} is missing.")
        elif name not in files:
            said.append(f"{name} was not there.")
        elif file_sha256(there[name]) != files[name]:
            said.append(f"{name} is changed.")
    return said


def write_zip(folder: Path, path: Path, *, name: str) -> None:
    """The files of a folder as one zip, below `name`; its bytes depend on nothing else.

    Nothing is packed tighter, since that depends on the library that does it.
    """
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for inside, file in _files(folder).items():
            entry = ZipInfo(f"{name}/{inside}")  # 1 January 1980, whatever the day
            entry.create_system = 3
            entry.external_attr = (0o100000 | _READ_ONLY) << 16
            archive.writestr(entry, file.read_bytes())


def _files(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its path in it, sorted."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return dict(sorted(files.items()))


def _write_seal(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Write the seal over the files of a folder, and give its fingerprint."""
    parameters, definition = manifest["parameters"], manifest["definition"]
    content = {
        "run_id": manifest["run_id"],
        "name": manifest["name"],
        "period": parameters["period"],
        "as_of": parameters["as_of"],
        "read_at": parameters["read_at"],
        "definition": {"id": definition["id"], "version": definition["version"]},
        "recomputed_by": {"version": version("partner-revenue-workbench"), "commit": _commit()},
        "inputs": manifest["inputs"],
        "files": {name: file_sha256(path) for name, path in _files(folder).items()},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / SEAL).write_bytes(text.encode())
    fingerprint = file_sha256(folder / SEAL)
    (folder / FINGERPRINT).write_bytes(_fingerprint_line(fingerprint))
    return fingerprint


def _fingerprint_line(fingerprint: str) -> bytes:
    """As `sha256sum` writes and reads it."""
    return f"{fingerprint}  {SEAL}\n".encode()


def _commit() -> str | None:
    """The commit of this code, `-dirty` where files differ from it; None outside of a clone."""
    clone = Path(workbench.__file__).parent.parent
    if not (clone / ".git").exists():  # else it would be the commit of somebody's project
        return None
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
