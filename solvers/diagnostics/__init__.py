"""What walls feel, and profiles across a flow."""
