"""Anabranch: every git branch becomes a running environment.

Below this package live the pure domain, the runtimes, the adapters, the forwarder and the command line.
"""
