"""Training flows on generated meshes."""
