"""What the README's figures were measured with; run from the checkout's root, not part of the wheel."""
