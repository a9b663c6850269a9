"""The whole vault as a conversation in lines, for a screen reader: nothing is drawn, and no cursor moves."""
