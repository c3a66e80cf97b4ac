"""A project of its own in a temporary folder, and the command line typed in it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from workbench.documents import dump_yaml, load_yaml

REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Project:
    """A copy of `notebooks/` and `params/`, where runs leave no trace in the repository."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Project":
        for name in ("notebooks", "params"):
            shutil.copytree(REPOSITORY / name, folder / name)
        return cls(folder)

    def workbench(self, *words: str, expect: int = 0) -> str:
        """What a command prints; it must end with the exit code that is expected."""
        scripts = Path(sys.executable).parent
        done = subprocess.run(
            [str(scripts / "workbench"), *words],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == expect, said
        assert "Traceback" not in said
        return done.stdout if expect == 0 else done.stderr

    def latest(self, name: str) -> Path:
        return (self.folder / "outputs" / "latest" / name).resolve()

    def table(self, run: Path, name: str) -> pl.DataFrame:
        return pl.read_parquet(run / "tables" / f"{name}.parquet")

    def params(self, name: str, **changes: object) -> str:
        """A parameter file like the demo's, with some keys changed."""
        content = {**load_yaml(self.folder / "params" / "demo.yaml"), **changes}
        path = self.folder / "params" / f"{name}.yaml"
        path.write_text(dump_yaml(content), encoding="utf-8")
        return f"params/{name}.yaml"

    def files(self) -> set[Path]:
        """Every file under `outputs/`."""
        return {p for p in (self.folder / "outputs").rglob("*") if not p.is_dir()}
