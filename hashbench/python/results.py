"""The results of a run as a program or a notebook has them: tables, plots, a report."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hashbench.disk.files import write_atomically
from hashbench.errors import UserError
from hashbench.plugins.configure import with_options
from hashbench.results.cell import NAMES
from hashbench.results.reading import read_results
from hashbench.results.results import Results

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = (
    "map_clean",
    "map_attacked",
    "t_map_floor",
    "t_map_clean",
    "t_map",
    "t_map_aim",
    "t_map_oracle",
    "t_map_share",
    "rms",
    "linf",
)


@dataclass(frozen=True, repr=False)
class Plot:
    """Charts as a notebook shows them, and what their caption must say."""

    svg: str
    caption: str

    def __repr__(self) -> str:
        return self.caption

    def _repr_html_(self) -> str:
        return f"<figure>{self.svg[self.svg.index('<svg') :]}<figcaption>{escape(self.caption)}</figcaption></figure>"


@dataclass(frozen=True, repr=False)
class RunResults(Results):
    """Cells with the runs they are of. `table`, `timings`, `differences`, `transfer` and `seed_spread` are tidy pandas frames."""

    @property
    def summary(self) -> pd.DataFrame:
        """A row a cell with its main metrics, each in [0, 1], and its flags where a cell has some: what may be wrong with it."""
        import pandas as pd

        cells = [cell for cell in self.cells if cell.status == "ok"]
        rows = [
            {
                **cell.names,
                **{metric: cell.value(metric) for metric in SUMMARY},
                "flags": ", ".join(flag.flag for flag in cell.flags) or None,
            }
            for cell in cells
        ]
        table = pd.DataFrame(rows).dropna(axis="columns", how="all")
        return table.set_index("attack", append=False) if len(table) else table

    @property
    def failures(self) -> pd.DataFrame:
        """A row a cell without numbers: its names and why it has none."""
        import pandas as pd

        return pd.DataFrame(
            [{**cell.names, "status": cell.status, "why": cell.cause} for cell in self.cells if cell.status != "ok"]
        )

    def plot(self, name: str = "bars", columns: Literal[1, 2] = 1) -> Plot:
        """The charts of a name, as `hashbench figure` draws them, one or two columns of a paper wide.

        Raises UserError for an unknown name, or where the results hold nothing for it.
        """
        with tempfile.TemporaryDirectory() as folder:
            svg, caption = with_options("reports", "figure", {"figure": name, "format": "svg", "columns": columns}).render(
                self, Path(folder)
            )
            return Plot(svg.read_text(encoding="utf-8"), caption.read_text(encoding="utf-8").strip())

    def report(self, file: str | Path) -> Path:
        """Write the self-contained HTML page and return its path."""
        if Path(file).suffix != ".html":
            raise UserError(f"{file} is no page's name: end it in .html.")
        with tempfile.TemporaryDirectory() as folder:
            (made,) = with_options("reports", "html", {}).render(self, Path(folder))
            write_atomically(Path(file), made.read_bytes())
        return Path(file)

    def __repr__(self) -> str:
        return f"{len(self.cells)} cells\n{self.summary}"

    def _repr_html_(self) -> str:
        shown = []
        for table in filter(len, (self.summary, self.failures)):
            common = {name: table[name].iloc[0] for name in NAMES if name in table and table[name].nunique() == 1}
            said = ", ".join(f"{name} {value}" for name, value in common.items())
            shown += [f"<p>{escape(said)}</p>", table.drop(columns=list(common)).to_html(float_format="{:.4f}".format)]
        return "\n".join(shown) or "no cell was run"


def read(*folders: str | Path) -> RunResults:
    """The results of finished runs from their folders. Raises UserError where a folder holds no run."""
    results = read_results(*map(Path, folders))
    return RunResults(results.runs, results.cells)
