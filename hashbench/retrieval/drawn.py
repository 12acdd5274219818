"""A figure that a notebook shows as it is."""

from __future__ import annotations

import io

import matplotlib as mpl
from matplotlib.figure import Figure


class Drawn(Figure):
    """A figure of matplotlib without pyplot."""

    def _repr_html_(self) -> str:
        data = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "drawn"}):
            self.savefig(data, format="svg", metadata={"Date": None})
        return data.getvalue().partition("<svg")[1] + data.getvalue().partition("<svg")[2]
