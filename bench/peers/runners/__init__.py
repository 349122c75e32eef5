"""One small program for each competitor: read a table, learn it, make records, report times and memory.

They are run as `python -m bench.peers.runners.NAME TASK.json` by whichever interpreter has the competitor
installed, and import nothing of Gansmith but where they race Gansmith itself.
"""

from __future__ import annotations
