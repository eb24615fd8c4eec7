"""What the SDK is asked to do, one module a subject."""
