"""The SDK: place, cancel, amend, transfer, inquire, and the private stream."""
