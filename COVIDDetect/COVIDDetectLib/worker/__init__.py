"""The worker: a process that computes, separate from the one with the window.

``client`` is the panel's side, ``service`` the computing one. A request and its answers are single lines of JSON
(``protocol``); volumes pass as memory-mapped files (``exchange``) in a private folder (``folder``).
"""
