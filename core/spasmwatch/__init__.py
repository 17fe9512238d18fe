"""SpasmWatch: what the camera program and the services share."""

from importlib.metadata import version

__version__ = version("spasmwatch")
