"""Runs the unchanged template on one machine: emulator, deployment, demo and tests.

Modules use only the standard library until the emulator's virtual environment is
installed; `__main__` explains how that works.
"""
