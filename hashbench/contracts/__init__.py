"""The contracts of the seven kinds of plugin, and the objects that a plugin is handed."""
