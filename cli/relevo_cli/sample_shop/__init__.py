"""A sample shop: a recorded day of its Shopify webhooks, and the messages that its shoppers must get.

What must arrive is written down from first principles, scenario by scenario: nothing here knows how the engine
works, and no code is shared with it.
"""
