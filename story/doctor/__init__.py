"""`story doctor`: looks at a stack from outside, and says what is wrong, why it matters and what cures it."""
