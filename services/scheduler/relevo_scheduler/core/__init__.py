"""Rules without IO: what a timer becomes on the topic, and how soon to look again."""
