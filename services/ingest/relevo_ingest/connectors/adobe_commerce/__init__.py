"""Adobe Commerce's events (Adobe I/O Events). `topics.read` is the way in; each other module knows one resource. The
page for shop owners is docs/adobe-commerce.md; the tests are tests/ingest/test_adobe_commerce.py.

Source: AdobeDocs/commerce-extensibility, events-reference.md and debugging.md; of what that lists no fields, Magento's
db_schema.xml. A shop chooses the fields that it sends, so every one of a shape's may be missing.
"""
