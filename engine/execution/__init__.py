"""Executors: where blocks are worked on."""
