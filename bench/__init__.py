"""Measurements that the README quotes, one command each: `python -m bench NAME`."""

from __future__ import annotations
