"""The tools, named as their ids: each puts the packages before it in order."""
