"""The verbs that read meshes."""
