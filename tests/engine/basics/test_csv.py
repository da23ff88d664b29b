"""Tables that are read: whatever a spreadsheet made of them, and what this program wrote itself."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.text_files import Unreadable, from_csv, to_csv, writable


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_are_set_apart_as_the_first_line_does_it(mark, end):
    lines = [["class", "name"], ["1", " Wald "], ["", ""], ["2", 'Feld "nass"']]
    text = end.join(mark.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line) for line in lines)
    assert from_csv(text) == [["class", "name"], ["1", "Wald"], ["2", 'Feld "nass"']]


def test_a_comma_in_a_cell_is_one():
    assert from_csv('a,b\n1,"x, y"\n2,"x\ny"\n') == [["a", "b"], ["1", "x, y"], ["2", "x\ny"]]
    assert from_csv("") == from_csv("\n\n") == []


def test_what_is_no_table_is_told():
    with pytest.raises(Unreadable, match="it is no CSV text"):
        from_csv('a,"' + "x" * (csv.field_size_limit() + 1))


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")), min_size=1, max_size=4))
def test_what_was_written_is_read_as_it_was(cells):
    """But for space around it: also what a spreadsheet would take for a formula, and what begins with a quote."""
    head = [f"c{number}" for number in range(len(cells))]
    read = from_csv(to_csv([[*head, "end"], [*cells, "."]]))
    wanted = [writable(cell).strip() for cell in cells]
    assert read[0] == [*head, "end"]
    assert [cell.replace("\r\n", "\n") for cell in read[1][:-1]] == [cell.replace("\r\n", "\n") for cell in wanted]
