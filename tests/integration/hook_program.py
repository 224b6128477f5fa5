"""The program as it is installed: a Python of its own, which finds this checkout, and the script beside it."""

from __future__ import annotations

import site
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """#!{python}
import sys
from {module} import {name}
sys.exit({name}())
"""


class Installed:
    """`python` and the console script `script`."""

    def __init__(self, folder: Path) -> None:
        import tomllib

        venv.create(folder, with_pip=False, symlinks=True)
        self.python = str(folder / "bin" / "python")
        self.script = str(folder / "bin" / "agent-monitor")
        packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        (packages / "here.pth").write_text("\n".join([str(ROOT), *site.getsitepackages()]) + "\n")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        module, _, name = project["scripts"]["agent-monitor"].partition(":")
        Path(self.script).write_text(SCRIPT.format(python=self.python, module=module, name=name))
        Path(self.script).chmod(0o755)

    def ways(self) -> list[list[str]]:
        """The ways in which a hook can be called."""
        return [[self.python, "-EPm", "monitor", "hook"], [self.script, "hook"]]

    def hooks(self, home: Path, *arguments: str) -> str:
        """Run `agent-monitor hooks`."""
        command = [self.script, "--state-dir", str(home / "state"), "hooks", *arguments]
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout
