"""What helps someone who writes workflows: new ones from the starter or the library, and a look at each save."""
