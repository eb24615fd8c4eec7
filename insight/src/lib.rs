//! Looking back and ahead: what happened at the door, and what a change would do.
