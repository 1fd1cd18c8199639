"""What is changed in the folder of a case: its dictionaries, and fields that are predicted."""
