"""Problems out of archives on disk, one module for each format; only ``hub`` uses the network."""
