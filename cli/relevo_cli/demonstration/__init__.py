"""The demonstration: replay the sample shop's day over HTTP, watch the sinks, and judge what arrived."""
