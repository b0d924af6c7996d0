"""Stage 2: what happens to a child's text before a picture is made of it."""
