"""What happened: the journal, the timeline as a value and as text, and pictures of it."""
