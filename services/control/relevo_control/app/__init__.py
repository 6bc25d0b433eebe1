"""What people do with Relevo, one use case a module; each takes a connection. The command and the API call them."""
