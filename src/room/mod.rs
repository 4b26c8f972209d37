//! One opened platform: pack, settings, probes and health wired together. Headless; both front ends use it.
