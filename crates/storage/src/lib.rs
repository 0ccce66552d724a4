//! Records, counted lists and plan execution, on sled.
