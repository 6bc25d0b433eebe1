"""What the operator does for people who ask: give them their data, erase them."""
