"""A list is as wide as what stands in it now."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult

from tui.widgets.table import Line, ListTable


class Listed(App[None]):
    """One list and nothing else."""

    def compose(self) -> ComposeResult:
        """The list."""
        yield ListTable("name", "when")


def test_a_long_cell_that_went_away_leaves_no_room_behind_it() -> None:
    async def story() -> None:
        async with Listed().run_test(size=(60, 10)) as pilot:
            table = pilot.app.query_one(ListTable)
            widths = []
            for name in ("short", "y" * 40, "short"):
                table.fill([Line(key=name, cells=(name, "now"))])
                await pilot.pause()
                widths.append(table.virtual_size.width)
            assert widths[0] == widths[2] < widths[1]

    asyncio.run(story())


def test_a_list_that_is_drawn_at_once_is_as_wide_as_what_was_filled_in() -> None:
    """What the table draws before it measures, at its next idle moment, it keeps."""

    async def story() -> None:
        async with Listed().run_test(size=(60, 10)) as pilot:
            table = pilot.app.query_one(ListTable)
            await pilot.pause()
            table.fill([Line(key="long", cells=("y" * 20, "now"))])
            assert "y" * 20 in table.render_line(1).text
            await pilot.pause()
            assert "y" * 20 in table.render_line(1).text

    asyncio.run(story())


def test_other_headings_leave_the_cursor_on_its_line() -> None:
    async def story() -> None:
        async with Listed().run_test(size=(60, 10)) as pilot:
            table = pilot.app.query_one(ListTable)
            table.fill([Line(key=key, cells=(key, "now")) for key in "abc"])
            table.point_at("c")
            for headings in (("name",), ("name", "when", "where")):
                table.set_headings(*headings)
                table.set_headings(*headings)
                table.fill([Line(key=key, cells=(key,) * len(headings)) for key in "xabc"])
                await pilot.pause()
                assert (table.chosen, table.cursor_row) == ("c", 3)

    asyncio.run(story())


def test_other_headings_over_other_lines_begin_at_the_first() -> None:
    async def story() -> None:
        async with Listed().run_test(size=(60, 10)) as pilot:
            table = pilot.app.query_one(ListTable)
            table.fill([Line(key=key, cells=(key, "now")) for key in "abc"])
            table.point_at("b")
            table.set_headings("name")
            table.fill([Line(key=key, cells=(key,)) for key in "xyz"])
            assert table.chosen == "x"
            table.fill([Line(key=key, cells=(key,)) for key in "xyzb"])
            assert table.chosen == "x"

    asyncio.run(story())
