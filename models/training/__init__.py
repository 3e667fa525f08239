"""From feature rows to frozen artefacts: the same rows that the live system streams."""
