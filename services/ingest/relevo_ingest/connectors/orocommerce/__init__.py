"""OroCommerce's webhooks (6.1.9 and later). `topics.read` is the way in; each other module knows one resource. The page
for shop owners is docs/orocommerce.md; the tests are tests/ingest/test_orocommerce.py.

Source: oroinc/platform, IntegrationBundle; oroinc/orocommerce, the functional tests of its REST API.
"""
