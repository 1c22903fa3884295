"""The web server: public documents with their validators, and a catalogue of them at `/`."""

from wireroom.serve.app import create_app
from wireroom.serve.server import WebServer

__all__ = ["WebServer", "create_app"]
