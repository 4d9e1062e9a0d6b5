"""Other ways to do the same work, each used as its documentation shows or written by hand for these very rules."""
