"""Tables: built once from results, shown on pages or written as Markdown, LaTeX or CSV."""
