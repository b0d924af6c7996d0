"""Talking to ComfyUI: what its answers mean, and nothing of runs."""
