"""A figure that a notebook shows as it is."""

from __future__ import annotations

import io

import matplotlib as mpl
from matplotlib.figure import Figure

_DATES = {"svg": "Date", "pdf": "CreationDate"}


class Drawn(Figure):
    """A figure of matplotlib without pyplot."""

    def encoded(self, kind: str) -> bytes:
        """As SVG or PDF, without a date and with its fonts as text."""
        data = io.BytesIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "drawn", "pdf.fonttype": 42}):
            self.savefig(data, format=kind, metadata={_DATES[kind]: None})
        return data.getvalue()

    def _repr_html_(self) -> str:
        svg = self.encoded("svg").decode()
        return svg[svg.index("<svg") :]
