"""Runs the unchanged template on a laptop: emulator, deployment, demo and tests.

Standard library only up to the point where the emulator's own environment takes
over; `__main__` explains how.
"""
