//! The portable PVM engine, generic over its memory.
