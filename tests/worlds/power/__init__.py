"""A story whose writes are recorded, and the disks that a loss of power can leave of it."""
