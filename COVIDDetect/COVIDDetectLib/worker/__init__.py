"""The worker: a process that computes, separate from the one with the window.

A request and its answers are single lines of JSON (``protocol``); volumes pass as memory-mapped files in a private
folder (``exchange``). ``service`` is the computing side, started as ``python -m COVIDDetectLib.worker.service FOLDER``.
"""
