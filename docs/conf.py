"""The site: python -m sphinx -W -b html docs docs/_build"""

from importlib import metadata

project = "qrtest"
copyright = "the authors of qrtest"
release = metadata.version("qrtest")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build", "outcomes"]
html_theme = "furo"
html_title = "qrtest"

myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_member_order = "bysource"
python_display_short_literal_types = True
