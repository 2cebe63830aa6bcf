"""Problems out of archives on disk, one module for each format; nothing here uses the network."""
