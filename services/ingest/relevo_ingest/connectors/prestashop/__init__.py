"""PrestaShop: its web service is polled, and its module posts what happens, both as records of the web service."""
