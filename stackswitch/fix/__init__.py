"""Run, draw the lists, instrument the original module again, run again: until the lists are proved."""
