"""Property tests here have no deadline: how fast a machine is says nothing of what is right."""

from hypothesis import settings

settings.register_profile("workflow", deadline=None, max_examples=60)
settings.load_profile("workflow")
