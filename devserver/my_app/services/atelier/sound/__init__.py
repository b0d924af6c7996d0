"""A text as a small piece of music, composed and synthesised here, without samples or a model."""

from .piece import make_sound, waveform

__all__ = ["make_sound", "waveform"]
