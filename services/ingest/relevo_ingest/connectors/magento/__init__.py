"""Magento Open Source: its REST API is polled, and its module posts what happens, both as records of that API."""
