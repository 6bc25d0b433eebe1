"""How a version becomes what new runs start with: the plan, the rules of who may, and carrying it out."""
