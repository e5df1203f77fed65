"""What can be said of a module without running it: paths to a wait, what forces most, what lists do."""
