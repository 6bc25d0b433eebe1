"""How workflows are written: YAML nodes that know where they stand, problems with positions, durations, local times."""
