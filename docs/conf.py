"""The site: python -m sphinx -W -b html docs docs/_build"""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for the extension "parameters"

project = "qrtest"
copyright = "The qrtest developers"
release = metadata.version("qrtest")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "parameters",
    "sphinx_copybutton",
    "sphinxcontrib.mermaid",
]
exclude_patterns = ["_build", "outcomes"]
html_theme = "furo"
html_title = "qrtest"
html_theme_options = {"sidebar_hide_name": True}
html_logo = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["pictures.css"]
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_typehints_description_target = "all"
autodoc_member_order = "bysource"
python_display_short_literal_types = True
