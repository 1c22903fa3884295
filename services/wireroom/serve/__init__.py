"""The web server: public documents with their validators, and a catalogue of them at `/`."""

from wireroom.serve.app import create_app

__all__ = ["create_app"]
