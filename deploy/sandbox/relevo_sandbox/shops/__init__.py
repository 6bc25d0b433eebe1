"""Small shop systems: what their APIs answer, from rows in memory that change while they are asked."""
