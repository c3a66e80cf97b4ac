"""Whether a sealed run is what was sealed, and whether its figures can be worked out again."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile, is_zipfile

from workbench.errors import Problem, RunError, SealError
from workbench.sealing.folder import SEAL, Seal, opened_seal, write_zip
from workbench.sealing.recomputation import Recomputation, recomputation

# What a zip with a changed byte may raise, besides being no zip at all.
_BROKEN = (BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError,
           ValueError, OSError)  # fmt: skip


@dataclass(frozen=True)
class Verification:
    """A seal that holds: how many files are as they were, and what was worked out again."""

    seal: Seal
    recomputed: Recomputation

    @property
    def file_count(self) -> int:
        return len(self.seal.content["files"])

    @property
    def row_count(self) -> int:
        return sum(self.recomputed.rows.values())


def verify(sealed: Path) -> Verification:
    """Check every byte of a sealed run, a folder or a zip, then work its figures out again.

    Nothing is written into it. Raises RunError when it is no sealed run, and SealError that names
    every file that is changed, missing or was not there, or else every table whose rows are not
    what the sealed tables, definitions and rulings give.
    """
    with _folder_of(sealed) as folder:
        seal = opened_seal(folder)
        if sealed.is_file():
            _must_be_as_written(sealed, folder)
        recomputed = recomputation(seal.run)
    if recomputed.differences:
        raise SealError(seal.content["run_id"], recomputed.differences)
    return Verification(seal, recomputed)


@contextmanager
def _folder_of(sealed: Path) -> Iterator[Path]:
    """The sealed folder, or what is in a zip of it, in a temporary folder."""
    hint = "name a folder or a zip that 'workbench seal' made."
    if not sealed.exists():
        raise RunError([Problem(str(sealed), "there is no such file or folder.", hint)])
    no_seal = RunError([Problem(str(sealed), f"this is no sealed run: it has no {SEAL}.", hint)])
    if sealed.is_dir():
        if not (sealed / SEAL).is_file():
            raise no_seal
        yield sealed
        return
    if not is_zipfile(sealed):
        raise RunError([Problem(str(sealed), "this is no zip that can be opened.", hint)])
    with TemporaryDirectory() as folder:
        _extract(sealed, Path(folder))
        found = sorted(Path(folder).glob(f"*/{SEAL}"))
        if not found:
            raise no_seal
        yield found[0].parent


def _extract(path: Path, folder: Path) -> None:
    """Everything in a zip that can be read; what cannot is missed, or found changed, afterwards."""
    with suppress(*_BROKEN), ZipFile(path) as archive:
        for entry in archive.infolist():
            with suppress(*_BROKEN):
                archive.extract(entry, folder)


def _must_be_as_written(path: Path, folder: Path) -> None:
    """The zip has the bytes that its files give, and nothing between, before or after them."""
    with TemporaryDirectory() as again:
        write_zip(folder, Path(again) / path.name, name=folder.name)
        if (Path(again) / path.name).read_bytes() != path.read_bytes():
            said = f"{path.name} is changed: its files are not, but what holds them together is."
            raise SealError(folder.name, [said])
