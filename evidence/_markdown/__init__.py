"""Markdown as several kinds read it: front matter, headings, links, and what lies around a file."""
