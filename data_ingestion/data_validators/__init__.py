"""Pure judges over market events, shared by every source: what is impossible is rejected, what is odd is counted."""
