"""`relevo restore-check`: what a restored PostgreSQL and what Kafka has fit together, and what mends it if they don't.

Nothing here runs while services do. `restore` goes through it from the top: where each group is by Kafka and by the
database (`positions`), what came after that (`aftermath`), what follows from it (`comparing`, pure), and `repair`.
"""
