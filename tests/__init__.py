"""The tests of every room, and the worlds they play in."""
