"""`story doctor`: checks a stack from outside, and reports what is wrong, why it matters and how to fix it."""
