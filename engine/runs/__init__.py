"""The tools, each of which puts the packages before it in order, and the steps that they share.

The tools are named as their ids: `cluster`, `classify`, `audit`, `suggestk`, `transitions` and `benchmark`. `each` is
the other mode of `cluster`, and chooses between the two.

The steps: `frame` is around every run; `clustering` reads, finds a start and iterates; `compare` is COMPARE, each
scene on its own beside the common classes; `write` makes the files; `foretell` tells what a run will take;
`unfinished` keeps what a run that is stopped has found.
"""
