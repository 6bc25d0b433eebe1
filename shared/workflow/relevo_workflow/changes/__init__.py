"""From one version of a workflow to another: aligned steps, differences, runs that move."""
