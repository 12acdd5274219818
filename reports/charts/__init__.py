"""Charts: drawn once by matplotlib, shown inline on pages or written as figures for papers."""
