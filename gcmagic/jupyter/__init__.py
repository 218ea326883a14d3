"""The only place for IPython and ipywidgets."""
