"""What the command says of a deployment, and the way from what is wanted to what is done."""
